"""What the shell offers at the TAB key: commands, names of devices, grants, settings and their values.

The script of a shell hands over what was typed on standard input, where other users do not see it, and gets candidates
back, one a line. Law: nothing here is an error. A daemon that does not answer at once leaves the list empty, for a
person who types must neither wait nor read a message. Names come from other people: each shell gets them quoted.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import click
from click.shell_completion import CompletionItem, ShellComplete, split_arg_string

from meshnet.cli.client import DEFAULT_SOCKET, Client
from meshnet.cli.show import FILTERS
from meshnet.errors import MeshnetError
from meshnet.protocol import local

PATIENCE = 1.0
"""Seconds for each answer of the daemon."""

_BASH = r"""# Completion of meshnet in bash. In ~/.bashrc: eval "$(meshnet completion bash)"
_meshnet_completion() {
    local candidate
    COMPREPLY=()
    while IFS= read -r candidate; do
        COMPREPLY+=("$candidate")
    done < <(printf '%s\0' "${COMP_LINE:0:COMP_POINT}" "$2" | "$1" completion bash --typed 2>/dev/null)
}
complete -F _meshnet_completion meshnet
"""
_ZSH = r"""#compdef meshnet
# Completion of meshnet in zsh. In ~/.zshrc, after compinit: eval "$(meshnet completion zsh)"
_meshnet() {
    local line
    local -a values shown
    local -a typed=("${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}")
    for line in "${(@f)$(printf '%s\0' "$typed[@]" | ${(Q)words[1]} completion zsh --typed 2>/dev/null)}"; do
        [[ -n $line ]] || continue
        values+=("${line%%$'\t'*}")
        shown+=("${line/$'\t'/  -- }")
    done
    [[ $PREFIX == --*=* ]] && compset -P '*='
    compadd -M 'm:{[:lower:][:upper:]}={[:upper:][:lower:]}' -l -d shown -a values
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _meshnet "$@"
else
    compdef _meshnet meshnet
fi
"""
_FISH = r"""# Completion of meshnet in fish. In ~/.config/fish/config.fish: meshnet completion fish | source
function __meshnet_completion
    set -l typed (commandline -opc)
    printf '%s\0' $typed[2..] (commandline -ct) | $typed[1] completion fish --typed 2>/dev/null
end
complete --command meshnet --no-files --arguments '(__meshnet_completion)'
"""
SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


# --- what there is to offer -----------------------------------------------------------------------------------------


def offer(what: str) -> Callable[[click.Context, click.Parameter, str], list[CompletionItem[str]]]:
    """A `shell_complete` of click: the candidates of this kind that begin with what was typed so far."""

    def candidates(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
        before, comma, typed = incomplete.rpartition(",") if what in _LISTS else ("", "", incomplete)
        return [
            CompletionItem(before + comma + value, help=text)
            for value, text in _found(what, context)
            if value.casefold().startswith(typed.casefold()) and value not in before.split(",")
        ]

    return candidates


class _Offer(NamedTuple):
    value: str
    help: str = ""


def _found(what: str, context: click.Context) -> list[_Offer]:
    path = context.find_root().params.get("path") or os.environ.get("MESHNET_SOCKET", DEFAULT_SOCKET)
    try:
        with Client(path, PATIENCE) as client:
            return _FINDERS[what](client, context)
    except MeshnetError:
        return []


def _devices(client: Client, _context: click.Context) -> list[_Offer]:
    return [_Offer(device.name, _state(device)) for device in client.devices()]


def _hosts(client: Client, _context: click.Context) -> list[_Offer]:
    return [_Offer(device.name, _state(device)) for device in client.devices() if device.can_host]


def _this_device(client: Client, _context: click.Context) -> list[_Offer]:
    device = client.status().device
    return [_Offer(device.name, "this device")] if device else []


def _hosts_and_this(client: Client, context: click.Context) -> list[_Offer]:
    return [*_this_device(client, context), *_hosts(client, context)]


def _filters(_client: Client, _context: click.Context) -> list[_Offer]:
    return [_Offer(word) for word in FILTERS]


def _grants_from_the_start(_client: Client, _context: click.Context) -> list[_Offer]:
    return [_Offer("routing"), _Offer("lan")]


def _settings(client: Client, _context: click.Context) -> list[_Offer]:
    values = client.ask(local.GetSettings(), local.SettingValues).values
    return [_Offer(key, value) for key, value in values.items()]


def _values(client: Client, context: click.Context) -> list[_Offer]:
    key = context.params.get("key") or ""
    if key not in client.ask(local.GetSettings(), local.SettingValues).values:
        return []
    # A name with a comma would be read as two.
    names = [host for host in _hosts(client, context) if "," not in host.value] if key == "fallback" else []
    return [*(_Offer(value) for value in VALUES.get(key, ())), *names]


def _state(device: local.DeviceView) -> str:
    return f"online, {device.path}" if device.online else "offline"


VALUES = {
    "kill-switch": ("on", "off", "always"),
    "local-network": ("on", "off"),
    "dns": ("host", "system"),
    "endpoint": ("none",),
    "host-vpn-lost": ("stop", "tell"),
    "fallback": ("none",),
    "own-devices": ("none", "routing", "routing,lan"),
}
"""The words among the values of each setting."""
_FINDERS: dict[str, Callable[[Client, click.Context], list[_Offer]]] = {
    "device": _devices,
    "host": _hosts,
    "host-or-this": _hosts_and_this,
    "this": _this_device,
    "filter": _filters,
    "grants": _grants_from_the_start,
    "setting": _settings,
    "value": _values,
}
_LISTS = {"filter", "grants", "value"}
"""Words of these may follow one another with commas between them."""


# --- for each shell -------------------------------------------------------------------------------------------------


@click.command("completion")
@click.argument("shell", type=click.Choice(tuple(SCRIPTS)))
@click.option("--typed", is_flag=True, hidden=True, help="Read what was typed, print what it may become.")
@click.pass_context
def completion(context: click.Context, shell: str, typed: bool) -> None:
    """Print what makes SHELL complete commands and names of devices at the TAB key.

    \b
    bash    in ~/.bashrc: eval "$(meshnet completion bash)"
    zsh     in ~/.zshrc, after compinit: eval "$(meshnet completion zsh)"
    fish    in ~/.config/fish/config.fish: meshnet completion fish | source
    """
    click.echo(_answer(context.find_root().command, shell) if typed else SCRIPTS[shell], nl=False)


def _answer(cli: click.Command, shell: str) -> str:
    """Candidates, one a line, for what a script hands over: words, each ended by a zero byte."""
    typed = sys.stdin.buffer.read().decode(errors="replace")
    parts = typed.removesuffix("\0").split("\0")
    found = _for_bash(cli, *parts) if shell == "bash" else _for_words(cli, shell, parts)
    return "".join(f"{line}\n" for line in found)


def _candidates(cli: click.Command, words: list[str], incomplete: str) -> list[CompletionItem[Any]]:
    return ShellComplete(cli, {}, "meshnet", "").get_completions(words, incomplete)


def _for_words(cli: click.Command, shell: str, words: list[str]) -> list[str]:
    # fish hands over the last word as it was typed, and compares with the whole of it.
    last = _unquoted(words[-1]) if shell == "fish" else words[-1]
    before = _option_of(last) if shell == "fish" else ""
    found = _candidates(cli, words[:-1], last)
    return [f"{before}{item.value}\t{_first_line(item.help)}".rstrip("\t") for item in found]


def _for_bash(cli: click.Command, line: str, replaced: str) -> list[str]:
    """`replaced` is the end of the line in whose place bash puts the candidate: it begins anew after a `=` or `:`."""
    words, quote = _as_typed(line)
    last = words[-1]
    begun = len(last) - len(replaced) - len(_option_of(last))
    found = _candidates(cli, [_unquoted(word) for word in words[1:-1]], _unquoted(last))
    return [_quoted_for_bash(str(item.value), quote)[max(begun, 0) :] for item in found]


def _as_typed(line: str) -> tuple[list[str], str]:
    """The words of a line with their quotes, the last one perhaps empty; and the quote that is still open."""
    words, quote, is_escaped = [""], "", False
    for letter in line:
        if is_escaped:
            is_escaped = False
        elif letter == "\\" and quote != "'":
            is_escaped = True
        elif letter in ("'", '"') and quote in ("", letter):
            quote = "" if quote else letter
        elif letter.isspace() and not quote:
            words.append("")
            continue
        words[-1] += letter
    return [word for word in words[:-1] if word] + words[-1:], quote


def _quoted_for_bash(value: str, quote: str) -> str:
    if quote == "'":
        return "'" + value.replace("'", "'\\''")
    if quote == '"':
        # In double quotes nothing keeps `!` from being taken as history, but the end of the quotes.
        return '"' + re.sub(r'([\\"$`])', r"\\\1", value).replace("!", "\"'!'\"")
    return re.sub(r"([^\w@%+=:,./-])", r"\\\1", value)


def _unquoted(word: str) -> str:
    return next(iter(split_arg_string(word)), "")


def _option_of(word: str) -> str:
    option, sign, _ = word.partition("=")
    return option + sign if sign and option.startswith("--") else ""


def _first_line(text: str | None) -> str:
    return " ".join((text or "").split())
