"""The pages of the first start: the trouble with the daemon, and the three steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QLocale, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from meshnet.gui import icons
from meshnet.gui.models import first_start as model
from meshnet.gui.models import names
from meshnet.gui.models.language import translate
from meshnet.gui.views.form import AccentButton, ChoiceCard, CopyField, Field, PlainButton
from meshnet.gui.views.theme import Tone
from meshnet.gui.views.widgets import GAP, Bar, Busy, label

_ICON = 64
_LONGEST_PASTE = 2048
"""Letters; links are far shorter, and the clipboard may hold a book."""


class Page(QWidget):
    """A step: which one, a title, a sentence, and what belongs to it."""

    def __init__(self, step: str = "", title: str = "", sentence: str = "") -> None:
        super().__init__()
        self.step = label(step, quiet=True)
        if not step:
            self.step.hide()
        self.title = label(title, wrapped=True, scale=1.6)
        self.sentence = label(sentence, wrapped=True, quiet=True)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(GAP, GAP, GAP, GAP)
        self.column.setSpacing(GAP)
        self.column.addStretch(2)
        for part in (self.step, self.title, self.sentence):
            self.column.addWidget(part)
        self.column.addSpacing(GAP)


class TroublePage(Page):
    """The daemon is not there for this app: why, and the one command that cures it."""

    def __init__(self) -> None:
        super().__init__()
        self.command = CopyField(translate("First start", "Command"))
        self.looking = label(translate("First start", "Meshnet keeps looking by itself."), wrapped=True, quiet=True)
        self.column.insertWidget(1, _mark("off"))
        self.column.addWidget(self.command)
        self.column.addWidget(self.looking)
        self.column.addStretch(3)

    def show_trouble(self, trouble: model.Trouble) -> None:
        """Say this."""
        self.title.setText(trouble.title)
        self.sentence.setText(trouble.text)
        self.command.setVisible(bool(trouble.command))
        if self.command.line.text() != trouble.command:
            self.command.show_text(trouble.command)


class ChoicePage(Page):
    """The first step."""

    def __init__(self) -> None:
        super().__init__(
            _step(1),
            translate("First start", "Welcome to Meshnet"),
            translate("First start", "A mesh connects your devices. Each can send its traffic through another one."),
        )
        self.to_join = ChoiceCard(
            translate("First start", "Join a mesh"),
            translate("First start", "One of your devices is in a mesh already. You need an invite link from it."),
        )
        self.to_create = ChoiceCard(
            translate("First start", "Create a mesh"),
            translate(
                "First start",
                "This is your first device. You need a coordinator: a small server of your own, where "
                "your devices find one another.",
            ),
        )
        self.column.insertWidget(1, _mark("idle"))
        self.column.addWidget(self.to_join)
        self.column.addWidget(self.to_create)
        self.column.addStretch(3)
        self.setFocusProxy(self.to_join)


@dataclass(frozen=True, slots=True)
class Kind:
    """What a form asks for, in words, and what is wrong with what it was given."""

    title: str
    sentence: str
    line: str
    hint: str
    deed: str
    doing: str
    complaint: Callable[[str], str]
    is_complete: Callable[[str], bool]


class Form(Page):
    """The second step: a line to paste, and this device's name."""

    wanted = Signal()

    def __init__(self, kind: Kind) -> None:
        super().__init__(_step(2), kind.title, kind.sentence)
        self._kind = kind
        self.is_busy = False
        self.paste = PlainButton(translate("First start", "&Paste"))
        self.pasted = Field(kind.line, self.paste)
        self.name = Field(translate("First start", "&Name of this device"))
        self.pasted.line.setPlaceholderText(kind.hint)
        self.name.line.setText(names.own())
        self.failure = Bar("failure", Tone.BAD)
        self.back = PlainButton(translate("First start", "&Back"))
        self.go = AccentButton(kind.deed)
        self.progress = Busy()
        self.extra = QVBoxLayout()
        self.extra.setSpacing(GAP // 3)
        self._arrange()
        self._connect()
        self._check()

    @property
    def line(self) -> str:
        """What was pasted."""
        return self.pasted.text

    @property
    def device_name(self) -> str:
        """What this device is to be called."""
        return self.name.text

    def offer(self, line: str) -> None:
        """Fill the line in."""
        self.pasted.line.setText(line.strip())
        self.pasted.line.setCursorPosition(0)

    def show_busy(self, busy: bool) -> None:
        """It is being done, or no longer."""
        self.is_busy = busy
        for widget in (self.pasted, self.name, self.back):
            widget.setEnabled(not busy)
        self.progress.setVisible(busy)
        self.go.setText(self._kind.doing if busy else self._kind.deed)
        if busy:
            self.failure.show_text("")
        self._check()

    def show_failure(self, text: str) -> None:
        """Why it came to nothing, or nothing."""
        self.failure.show_text(text)

    def clear(self) -> None:
        """Forget the line: it is used up, and a secret."""
        self.show_busy(False)
        self.pasted.line.clear()
        self.failure.show_text("")

    def _check(self) -> None:
        self.pasted.complain(self._kind.complaint(self.line))
        self.name.complain(names.complaint(self.device_name))
        self.go.setEnabled(not self.is_busy and self._kind.is_complete(self.line) and names.is_name(self.device_name))

    def _on_edited(self) -> None:
        # What was refused is another thing than what stands there now.
        self.failure.show_text("")
        self._check()

    def _paste(self) -> None:
        self.offer(QGuiApplication.clipboard().text()[:_LONGEST_PASTE])
        self.pasted.line.setFocus()

    def _want(self) -> None:
        if self.go.isEnabled():
            self.wanted.emit()

    def _connect(self) -> None:
        self.paste.clicked.connect(self._paste)
        for field in (self.pasted, self.name):
            field.edited.connect(self._on_edited)
            field.line.returnPressed.connect(self._want)
        self.go.clicked.connect(self._want)

    def _arrange(self) -> None:
        buttons = QHBoxLayout()
        buttons.addWidget(self.back)
        buttons.addStretch(1)
        buttons.addWidget(self.go)
        for part in (self.pasted, self.failure, self.name):
            self.column.addWidget(part)
        self.column.addLayout(self.extra)
        self.column.addSpacing(GAP)
        self.column.addWidget(self.progress)
        self.column.addLayout(buttons)
        self.column.addStretch(3)
        self.setFocusProxy(self.pasted.line)


class JoinForm(Form):
    """Into a mesh by an invite link."""

    def __init__(self) -> None:
        super().__init__(
            Kind(
                translate("First start", "Join a mesh"),
                translate(
                    "First start", "On a device that is in the mesh, choose “Add a device”, and paste its link here."
                ),
                translate("First start", "&Invite link"),
                "meshnet://join/…",
                translate("First start", "&Join"),
                translate("First start", "Joining…"),
                model.join_complaint,
                model.is_invite,
            )
        )
        self.share = QCheckBox(translate("First start", "Let my devices &route through this one"))
        about = translate(
            "First start", "Their traffic then leaves by this device's connection. You can change it later."
        )
        self.about = label(about, wrapped=True, quiet=True)
        self.about.setContentsMargins(2 * GAP, 0, 0, 0)
        self.extra.addWidget(self.share)
        self.extra.addWidget(self.about)
        QWidget.setTabOrder(self.name.line, self.share)

    @property
    def allow(self) -> tuple[str, ...]:
        """What the mesh's devices are granted from the start."""
        return ("routing",) if self.share.isChecked() and not self.share.isHidden() else ()

    def show_can_host(self, can_host: bool) -> None:
        """Whether other devices could route through this one at all."""
        self.share.setVisible(can_host)
        self.about.setVisible(can_host)

    def show_busy(self, busy: bool) -> None:
        """It is being done, or no longer."""
        super().show_busy(busy)
        self.share.setEnabled(not busy)


class CreateForm(Form):
    """A mesh of one's own, at a coordinator."""

    def __init__(self) -> None:
        super().__init__(
            Kind(
                translate("First start", "Create a mesh"),
                translate(
                    "First start", "On the coordinator's machine, this command prints the line that is needed here:"
                ),
                translate("First start", "&Line of the coordinator"),
                "meshnet://create/…",
                translate("First start", "&Create"),
                translate("First start", "Creating…"),
                model.create_complaint,
                model.is_coordinator,
            )
        )
        self.command = CopyField(translate("First start", "Command"))
        self.command.show_text("meshnet-coordinator address")
        self.column.insertWidget(self.column.indexOf(self.sentence) + 1, self.command)
        QWidget.setTabOrder(self.command.button, self.pasted.line)


class DonePage(Page):
    """The third step: it is done, and what comes next."""

    def __init__(self) -> None:
        super().__init__(_step(3))
        self.key = label(wrapped=True, selectable=True)
        self.next = label(wrapped=True)
        self.add_device = AccentButton(translate("First start", "&Add a device"))
        self.finish = PlainButton(translate("First start", "&Show my devices"))
        buttons = QHBoxLayout()
        buttons.addWidget(self.finish)
        buttons.addStretch(1)
        buttons.addWidget(self.add_device)
        self.column.insertWidget(1, _mark("idle"))
        self.column.addWidget(self.next)
        self.column.addWidget(self.key)
        self.column.addSpacing(GAP)
        self.column.addLayout(buttons)
        self.column.addStretch(3)

    def show_created(self) -> None:
        """There is a new mesh."""
        self._say(
            translate("First start", "Your mesh is ready"),
            translate("First start", "This device is its first."),
            translate("First start", "Next, add your other devices: computers by a link, phones by a code to scan."),
            is_created=True,
        )

    def show_key(self, file: Path | None) -> None:
        """The key of the new mesh is kept in this file, or in the person's keyring."""
        self.key.show_text(model.key_place(file))

    def show_joined(self) -> None:
        """This device is in the mesh."""
        self._say(
            translate("First start", "This device is in your mesh"),
            translate("First start", "It reaches your other devices, wherever they are."),
            translate(
                "First start",
                "Next, choose a device to route through, here or in the menu of the tray icon. It must allow routing.",
            ),
            is_created=False,
        )

    def _say(self, title: str, sentence: str, then: str, is_created: bool) -> None:
        self.key.hide()
        self.title.setText(title)
        self.sentence.setText(sentence)
        self.next.setText(then)
        self.add_device.setVisible(is_created)
        self.setFocusProxy(self.add_device if is_created else self.finish)


def _mark(state: str) -> QLabel:
    made = QLabel()
    made.setPixmap(icons.icon(state).pixmap(_ICON, _ICON))
    return made


def _step(number: int) -> str:
    text = translate("First start", "Step {number} of {count}")
    return text.format(number=QLocale().toString(number), count=QLocale().toString(3))
