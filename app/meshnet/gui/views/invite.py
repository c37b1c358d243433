"""The dialog that adds a device: a computer by an invite link, a phone by a code for its WireGuard app."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import QComboBox, QDialog, QHBoxLayout, QTabWidget, QVBoxLayout, QWidget

from meshnet.core.records import STOCK
from meshnet.gui.models import invite as model
from meshnet.gui.models import names, words
from meshnet.gui.models.language import translate
from meshnet.gui.models.mesh import Snapshot
from meshnet.gui.views.form import AccentButton, CopyField, Field, PlainButton, make_tall
from meshnet.gui.views.qr import QrCode
from meshnet.gui.views.theme import Tone
from meshnet.gui.views.widgets import GAP, Bar, label
from meshnet.protocol.local import DeviceView, Invitation, PhoneAdded


class AddDeviceDialog(QDialog):
    """Says what is wanted, and shows the link or the code that comes of it."""

    invite_wanted = Signal(int)
    """For so many seconds."""
    phone_wanted = Signal(str, str)
    """Its name, and the id of its host."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("addDevice")
        self.setWindowTitle(translate("Invite", "Add a device"))
        self.computer = ComputerPage()
        self.phone = PhonePage()
        self.tabs = QTabWidget()
        self.failure = Bar("failure", Tone.BAD, dismissable=True)
        self.close_button = PlainButton(translate("Invite", "C&lose"))
        self._here: frozenset[str] = frozenset()
        self._before: frozenset[str] = frozenset()
        self._arrange()
        self._connect()

    def show_mesh(self, mesh: Snapshot) -> None:
        """Show who came in, and which hosts there are."""
        if mesh.connected and mesh.status.device is not None:
            self._show_guests(mesh.devices)
        self.phone.show_hosts(model.hosts(mesh))
        # What is shown this once stays, whatever becomes of the host.
        self.tabs.setTabVisible(1, model.can_add_phone(mesh) or self.phone.is_shown)

    def show_invitation(self, invitation: Invitation) -> None:
        """The link is made."""
        self.failure.show_text("")
        self._before = self._here
        self.computer.show_invitation(invitation)
        self._grow()

    def show_phone(self, added: PhoneAdded, config: str) -> None:
        """The phone is a device; this is what its app scans."""
        self.failure.show_text("")
        self.phone.show_phone(added, config)
        self._grow()

    def show_failure(self, message: str, cure: str = "") -> None:
        """It came to nothing."""
        self.failure.show_text(" ".join(filter(None, (message, cure))))
        self.computer.show_busy(False)
        self.phone.show_busy(False)
        self._grow()

    def sizeHint(self) -> QSize:
        """Lines of a length that is good to read; the least width is what the buttons need."""
        return super().sizeHint().expandedTo(QSize(80 * self.fontMetrics().averageCharWidth(), 0))

    def done(self, result: int) -> None:
        """Close, and forget what was secret."""
        self.computer.clear()
        self.phone.clear()
        super().done(result)

    def _grow(self) -> None:
        """Room for the code at a size that cameras like, as far as the screen has it."""
        # What was shown just now counts only once its layouts have heard of it, which is after the event at hand.
        QTimer.singleShot(0, self, self._take_room)

    def _take_room(self) -> None:
        if not (self.computer.is_shown or self.phone.is_shown):
            return
        width = max(self.width(), self.sizeHint().width())
        layout = self.layout()
        height = layout.totalHeightForWidth(width) if layout else 0
        room = self.screen().availableSize() * 0.9
        self.resize(width, min(max(self.height(), height), room.height()))

    def _show_guests(self, devices: Mapping[str, DeviceView]) -> None:
        self._here = frozenset(devices)
        new = [devices[id_] for id_ in self._here - self._before]
        # A WireGuard app came in by the other page.
        names = [device.name for device in new if device.platform != STOCK]
        if names:
            self.computer.show_joined(names)
            self._grow()

    def _connect(self) -> None:
        self.computer.wanted.connect(self._invite)
        self.phone.wanted.connect(self._add_phone)
        self.failure.dismissed.connect(lambda: self.failure.show_text(""))
        self.close_button.clicked.connect(self.reject)
        self.tabs.currentChanged.connect(lambda _: self.failure.show_text(""))

    def _invite(self, seconds: int) -> None:
        self.failure.show_text("")
        self.computer.show_busy(True)
        self.invite_wanted.emit(seconds)

    def _add_phone(self, name: str, host: str) -> None:
        self.failure.show_text("")
        self.phone.show_busy(True)
        self.phone_wanted.emit(name, host)

    def _arrange(self) -> None:
        self.tabs.addTab(self.computer, translate("Invite", "A computer"))
        self.tabs.addTab(self.phone, translate("Invite", "A phone"))
        self.tabs.setTabVisible(1, False)
        self.tabs.setDocumentMode(True)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.close_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(GAP, GAP, GAP, GAP)
        column.setSpacing(GAP)
        column.addWidget(self.tabs, 1)
        column.addWidget(self.failure)
        column.addLayout(buttons)


class _Page(QWidget):
    """A sentence, what there is to choose, the button, and what comes of it."""

    def __init__(self, sentence: str, deed: str, doing: str) -> None:
        super().__init__()
        self._deed, self._doing = deed, doing
        self.sentence = label(sentence, wrapped=True)
        self.ask = QWidget()
        self.make = AccentButton(deed)
        self.result = QWidget()
        self.result.hide()
        self.code = QrCode()
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(GAP // 2, GAP, GAP // 2, 0)
        self.column.setSpacing(GAP)

    @property
    def is_shown(self) -> bool:
        """Whether there is something to scan."""
        return not self.result.isHidden()

    def show_busy(self, busy: bool) -> None:
        """It is being made, or no longer."""
        self.ask.setEnabled(not busy)
        self.make.setText(self._doing if busy else self._deed)

    def clear(self) -> None:
        """Forget what was shown."""
        self.show_busy(False)
        self.code.show_text("", "")
        self.result.hide()


class ComputerPage(_Page):
    """A link for one more computer."""

    wanted = Signal(int)

    def __init__(self) -> None:
        super().__init__(
            translate(
                "Invite",
                "The new device sees your devices and may connect to them. It may route through those that let all "
                "your devices do so.",
            ),
            translate("Invite", "&Make a link"),
            translate("Invite", "Making a link…"),
        )
        self.expiry = QComboBox()
        self.link = CopyField(translate("Invite", "Invite link"))
        self.until = label(wrapped=True)
        how = translate("Invite", "On the other device, start Meshnet, choose “Join a mesh”, and paste it.")
        self.how = label(how, wrapped=True, quiet=True)
        self.joined = label(wrapped=True, tone=Tone.GOOD)
        self._arrange()
        self.make.clicked.connect(lambda: self.wanted.emit(self.expiry.currentData()))

    def show_invitation(self, invitation: Invitation) -> None:
        """Show the link, as text and as a code."""
        self.show_busy(False)
        self._deed = translate("Invite", "&Make another link")
        self.make.setText(self._deed)
        self.link.show_text(invitation.link)
        self.until.setText(model.until(invitation))
        self.code.show_text(invitation.link, translate("Invite", "The invite link as a QR code"))
        self.joined.show_text("")
        self.result.show()
        self.link.button.setFocus()

    def show_joined(self, names: list[str]) -> None:
        """Somebody came in; what the link was for is done."""
        if self.is_shown:
            self.joined.show_text(model.joined(names))

    def clear(self) -> None:
        """Forget the link."""
        super().clear()
        self.link.show_text("")

    def _arrange(self) -> None:
        called = label(translate("Invite", "The link holds &for"))
        called.setBuddy(self.expiry)
        for seconds, text in model.expiries():
            self.expiry.addItem(text, seconds)
        self.expiry.setCurrentIndex(model.USUAL_EXPIRY)
        make_tall(self.expiry)
        row = QHBoxLayout(self.ask)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(called)
        row.addWidget(self.expiry)
        row.addStretch(1)
        row.addWidget(self.make)
        shown = QVBoxLayout(self.result)
        shown.setContentsMargins(0, 0, 0, 0)
        shown.setSpacing(GAP // 2)
        for widget in (self.link, self.until, self.how):
            shown.addWidget(widget)
        shown.addWidget(self.code, 1)
        shown.addWidget(self.joined)
        for part in (self.sentence, self.ask):
            self.column.addWidget(part)
        self.column.addWidget(self.result, 1)
        self.column.addStretch(0)


class PhonePage(_Page):
    """A code for the WireGuard app of a phone."""

    wanted = Signal(str, str)

    def __init__(self) -> None:
        super().__init__(
            translate(
                "Invite",
                "The phone sends all its traffic through one of your devices. It needs the WireGuard app, and nothing "
                "of Meshnet.",
            ),
            translate("Invite", "&Make a code"),
            translate("Invite", "Making a code…"),
        )
        self.name = Field(translate("Invite", "&Name of the phone"))
        self.host = QComboBox()
        how = translate("Invite", "Scan it with the WireGuard app: “+”, then “Create from QR code”.")
        self.how = label(how, wrapped=True)
        once = translate("Invite", "The code holds a secret key. It is shown this once and kept nowhere.")
        self.once = label(once, wrapped=True, tone=Tone.BUSY)
        self.next = label(wrapped=True, quiet=True)
        self._hosts: tuple[model.Host, ...] = ()
        self._arrange()
        self.name.edited.connect(self._check)
        self.name.line.returnPressed.connect(self._want)
        self.make.clicked.connect(self._want)
        self._check()

    def show_hosts(self, hosts: tuple[model.Host, ...]) -> None:
        """Offer these, and keep the one that is chosen."""
        if hosts == self._hosts:
            return
        self._hosts = hosts
        chosen = self.host.currentData()
        self.host.clear()
        for host in hosts:
            self.host.addItem(host.name, host.id)
        self.host.setCurrentIndex(max(0, self.host.findData(chosen)))
        self._check()

    def show_phone(self, added: PhoneAdded, config: str) -> None:
        """Show the code, this once."""
        self.show_busy(False)
        self.ask.hide()
        self.code.show_text(
            config,
            translate("Invite", "QR code for the WireGuard app of {phone}").format(phone=words.short(added.name)),
        )
        self.next.setText(model.phone_next(added))
        self.result.show()

    def clear(self) -> None:
        """Forget the code."""
        super().clear()
        self.ask.show()
        self.name.line.clear()

    def _check(self) -> None:
        self.name.complain(names.complaint(self.name.text))
        self.make.setEnabled(names.is_name(self.name.text) and self.host.count() > 0)

    def _want(self) -> None:
        if self.make.isEnabled():
            self.wanted.emit(self.name.text, self.host.currentData())

    def _arrange(self) -> None:
        called = label(translate("Invite", "&Through"))
        called.setBuddy(self.host)
        make_tall(self.host)
        ask = QVBoxLayout(self.ask)
        ask.setContentsMargins(0, 0, 0, 0)
        ask.setSpacing(GAP // 3)
        ask.addWidget(self.name)
        ask.addSpacing(GAP // 2)
        ask.addWidget(called)
        ask.addWidget(self.host)
        ask.addSpacing(GAP // 2)
        ask.addWidget(self.make, 0, Qt.AlignmentFlag.AlignRight)
        shown = QVBoxLayout(self.result)
        shown.setContentsMargins(0, 0, 0, 0)
        shown.setSpacing(GAP // 2)
        shown.addWidget(self.how)
        shown.addWidget(self.code, 1)
        shown.addWidget(self.once)
        shown.addWidget(self.next)
        for part in (self.sentence, self.ask):
            self.column.addWidget(part)
        self.column.addWidget(self.result, 1)
        self.column.addStretch(0)
