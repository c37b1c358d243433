"""A panel over D-Bus, as those of KDE and GNOME are: StatusNotifierWatcher, StatusNotifierHost, and a reader of menus.

It takes in the first icon that registers, and keeps its menu as such panels do: it fetches the menu when told that its
lines changed, and otherwise believes what it is told of single lines (freedesktop.org: StatusNotifierItem;
com.canonical.dbusmenu). Law: it knows no program; it sees what a panel sees.
"""

from __future__ import annotations

from pathlib import Path
from queue import Empty, Queue
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Any, NamedTuple

from jeepney import (
    DBusAddress,
    HeaderFields,
    MatchRule,
    Message,
    MessageType,
    message_bus,
    new_error,
    new_method_call,
    new_method_return,
    new_signal,
)
from jeepney.io.threading import DBusRouter, open_dbus_connection

from lab.net import LabError, wait_until

_WATCHER = "org.kde.StatusNotifierWatcher"
_ITEM = "org.kde.StatusNotifierItem"
_MENU = "com.canonical.dbusmenu"
_PROPERTIES = "org.freedesktop.DBus.Properties"
_PATH = "/StatusNotifierWatcher"
_TIMEOUT = 10.0
_INTROSPECTION = f"""<node><interface name="{_WATCHER}">
<method name="RegisterStatusNotifierItem"><arg type="s" direction="in"/></method>
<method name="RegisterStatusNotifierHost"><arg type="s" direction="in"/></method>
<property name="RegisteredStatusNotifierItems" type="as" access="read"/>
<property name="IsStatusNotifierHostRegistered" type="b" access="read"/>
<property name="ProtocolVersion" type="i" access="read"/>
<signal name="StatusNotifierItemRegistered"><arg type="s"/></signal>
<signal name="StatusNotifierHostRegistered"/>
</interface></node>"""


class Line(NamedTuple):
    """A line of the menu, as the panel draws it."""

    id: int
    text: str
    enabled: bool
    checked: bool | None
    """None: there is no box."""
    is_separator: bool


class Panel:
    """The panel of a session bus; a context manager. Closed and made again, it is a panel that restarts."""

    def __init__(self, bus: Path) -> None:
        self._connection = open_dbus_connection(f"unix:path={bus}")
        self._router = DBusRouter(self._connection)
        self._inbox: Queue[Message] = Queue()
        self._rules = [MatchRule(type="method_call"), MatchRule(type="signal", interface=_MENU)]
        self._filters = [self._router.filter(rule, queue=self._inbox) for rule in self._rules]
        self._closing = Event()
        self._lock = Lock()
        self._items: list[str] = []
        self._lines: dict[int, dict[str, Any]] = {}
        self._stale = True
        self._thread = Thread(target=self._serve, daemon=True)
        self._thread.start()
        self.updates: list[str] = []
        """The signals of the menu that came, by their names."""
        self._call(message_bus.AddMatch(MatchRule(type="signal", interface=_MENU)))
        self._call(message_bus.RequestName(_WATCHER))
        self._emit("StatusNotifierHostRegistered")

    def __enter__(self) -> Panel:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Go away, as a panel that crashes; once is enough."""
        if self._closing.is_set():
            return
        self._closing.set()
        self._thread.join(_TIMEOUT)
        self._router.close()
        self._connection.close()

    # --- the icon ---

    def wait_for_item(self, timeout: float = 20.0) -> str:
        """The bus name of the program that has an icon here, once there is one."""
        return wait_until(lambda: self._items[-1] if self._items else None, "icon in the panel", timeout, 0.05)

    def is_item_there(self) -> bool:
        """Whether the program that has the icon is still on the bus."""
        (found,) = self._call(message_bus.NameHasOwner(self.wait_for_item()))
        return bool(found)

    def properties(self) -> dict[str, Any]:
        """What the icon says of itself: IconPixmap, Title, ToolTip, Menu and others."""
        (found,) = self._ask("/StatusNotifierItem", _PROPERTIES, "GetAll", "s", (_ITEM,))
        return {name: value for name, (_, value) in found.items()}

    def activate(self) -> None:
        """A left click, as KDE has it; GNOME: a double click."""
        self._ask("/StatusNotifierItem", _ITEM, "Activate", "ii", (0, 0))

    # --- the menu ---

    def open_menu(self) -> list[Line]:
        """Open it, and read it."""
        path = self._menu_path()
        self._ask(path, _MENU, "AboutToShow", "i", (0,))
        self._ask(path, _MENU, "Event", "isvu", (0, "opened", ("i", 0), 0))
        return self.fetch_menu()

    def close_menu(self) -> None:
        """Close it without choosing."""
        self._ask(self._menu_path(), _MENU, "Event", "isvu", (0, "closed", ("i", 0), 0))

    def fetch_menu(self) -> list[Line]:
        """The lines as the program has them now."""
        return [_line(number, properties) for number, properties in self._layout().items()]

    def menu(self) -> list[Line]:
        """The lines as a panel shows them that asks only when it is told to."""
        with self._lock:
            stale, self._stale = self._stale, False
        if stale:
            lines = self._layout()
            with self._lock:
                self._lines = lines
        with self._lock:
            return [_line(number, dict(properties)) for number, properties in self._lines.items()]

    def line(self, beginning: str) -> Line:
        """The first line whose text begins so; LabError where there is none."""
        for line in self.menu():
            if line.text.startswith(beginning):
                return line
        raise LabError(f"no line of the menu begins with {beginning!r}: {[line.text for line in self.menu()]}")

    def click(self, beginning: str) -> None:
        """Click the first line whose text begins so; LabError where it is greyed. Turns its check mark, as KDE does."""
        line = self.line(beginning)
        if not line.enabled:
            raise LabError(f"{line.text!r} is greyed")
        if line.checked is not None:
            with self._lock:
                self._lines[line.id]["toggle-state"] = 0 if line.checked else 1
        self._ask(self._menu_path(), _MENU, "Event", "isvu", (line.id, "clicked", ("s", ""), 0))

    def _menu_path(self) -> str:
        return str(self.properties()["Menu"])

    def _layout(self) -> dict[int, dict[str, Any]]:
        _, (_, _, children) = self._ask(self._menu_path(), _MENU, "GetLayout", "iias", (0, -1, []))
        lines = [child for _, child in children]
        return {number: {key: value for key, (_, value) in found.items()} for number, found, _ in lines}

    # --- D-Bus ---

    def _ask(self, path: str, interface: str, method: str, signature: str, body: tuple[Any, ...]) -> Any:
        address = DBusAddress(path, bus_name=self.wait_for_item(), interface=interface)
        return self._call(new_method_call(address, method, signature, body))

    def _call(self, message: Message) -> Any:
        answer = self._router.send_and_get_reply(message, timeout=_TIMEOUT)
        if answer.header.message_type is MessageType.error:
            raise LabError(f"D-Bus refused: {answer.header.fields.get(HeaderFields.error_name)} {answer.body}")
        return answer.body

    def _emit(self, signal: str, signature: str | None = None, body: tuple[Any, ...] = ()) -> None:
        self._router.send(new_signal(DBusAddress(_PATH, interface=_WATCHER), signal, signature, body))

    def _serve(self) -> None:
        while not self._closing.is_set():
            try:
                message = self._inbox.get(timeout=0.1)
            except Empty:
                continue
            if message.header.message_type is MessageType.signal:
                self._follow(message)
            else:
                self._answer(message)

    def _follow(self, signal: Message) -> None:
        name = signal.header.fields[HeaderFields.member]
        self.updates.append(name)
        with self._lock:
            if name == "LayoutUpdated":
                self._stale = True
            elif name == "ItemsPropertiesUpdated":
                for number, properties in signal.body[0]:
                    told = {key: value for key, (_, value) in properties.items()}
                    self._lines.get(number, {}).update(told)

    def _answer(self, call: Message) -> None:
        method = call.header.fields.get(HeaderFields.member)
        match method:
            case "Introspect":
                reply = new_method_return(call, "s", (_INTROSPECTION,))
            case "RegisterStatusNotifierItem":
                self._items.append(call.header.fields[HeaderFields.sender])
                self._stale = True
                reply = new_method_return(call)
            case "Get" if call.body[1] in self._values():
                reply = new_method_return(call, "v", (self._values()[call.body[1]],))
            case "GetAll":
                reply = new_method_return(call, "a{sv}", (self._values(),))
            case _:
                reply = new_error(call, "org.freedesktop.DBus.Error.UnknownMethod")
        self._router.send(reply)

    def _values(self) -> dict[str, tuple[str, Any]]:
        return {
            "RegisteredStatusNotifierItems": ("as", list(self._items)),
            "IsStatusNotifierHostRegistered": ("b", True),
            "ProtocolVersion": ("i", 0),
        }


def _line(number: int, properties: dict[str, Any]) -> Line:
    checked = bool(properties.get("toggle-state")) if properties.get("toggle-type") else None
    return Line(
        id=number,
        text=_shown(properties.get("label", "")),
        enabled=properties.get("enabled", True),
        checked=checked,
        is_separator=properties.get("type") == "separator",
    )


def _shown(label: str) -> str:
    """A label as it is drawn: one underscore makes the next letter a mnemonic, two are an underscore (dbusmenu)."""
    return "_".join(part.replace("_", "", 1) for part in label.split("__"))
