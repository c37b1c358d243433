"""Hosting, as a card: whether this device hosts, for whom, and what can be done about each client."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from meshnet.gui.models.hosting import Client, Hosting, sharing
from meshnet.gui.models.language import translate
from meshnet.gui.models.mesh import OWN_DEVICES
from meshnet.gui.models.rows import State
from meshnet.gui.views.marks import Sign, StateMark
from meshnet.gui.views.theme import Tone
from meshnet.gui.views.widgets import GAP, Card, ElidedLabel, OneClickButton, label


class HostingCard(Card):
    """Shows a `Hosting`; what the person wants of it is in the signals."""

    set_wanted = Signal(str, str)
    client_stopped = Signal(str, bool)
    granted = Signal(str, str, bool)

    def __init__(self) -> None:
        super().__init__()
        self.heading = label(translate("ThisDevice", "Hosting"), scale=1.15)
        self.sign = Sign(large=False)
        self.verdict = label(wrapped=True, selectable=True)
        self.routing = QCheckBox(translate("ThisDevice", "&Let my devices route through this one"))
        self.lan = QCheckBox(translate("ThisDevice", "… and reach my local &network"))
        self.clients_heading = label(translate("ThisDevice", "Who routes through this device"), quiet=True)
        self.empty = label(wrapped=True, quiet=True)
        self.rows: dict[str, ClientRow] = {}
        self._rows = QVBoxLayout()
        # By clicks alone: what `show_hosting` ticks is nobody's wish.
        self.routing.clicked.connect(self._share)
        self.lan.clicked.connect(self._share)
        self._arrange()

    def show_hosting(self, hosting: Hosting) -> None:
        """Show this."""
        self.setVisible(hosting.shown)
        self.verdict.setText(hosting.verdict)
        self.sign.show_tone(Tone.GOOD if hosting.able else Tone.BUSY)
        for box, checked in ((self.routing, hosting.shares_routing), (self.lan, hosting.shares_lan)):
            box.setChecked(checked)
            box.setVisible(hosting.can_share)
        self.lan.setEnabled(hosting.shares_routing)
        self.empty.setText(hosting.empty)
        self.empty.setVisible(not hosting.clients)
        self._show_clients(hosting.clients)

    def stations(self) -> tuple[QWidget, ...]:
        """Where the keyboard stops, in the order in which the eye reads."""
        shown = sorted(self.rows.values(), key=self._rows.indexOf)
        return (self.routing, self.lan, *(button for row in shown for button in (row.stop, row.revoke)))

    def _show_clients(self, clients: tuple[Client, ...]) -> None:
        # Rows stay while their numbers change, so that the keyboard stays where it is.
        wanted = {client.id or client.name: client for client in clients}
        for key in self.rows.keys() - wanted.keys():
            row = self.rows.pop(key)
            row.hide()
            row.deleteLater()
        for at, (key, client) in enumerate(wanted.items()):
            row = self.rows.get(key) or self._make(key)
            row.show_client(client)
            if self._rows.indexOf(row) != at:
                self._rows.insertWidget(at, row)

    def _make(self, key: str) -> ClientRow:
        row = self.rows[key] = ClientRow()
        row.stopped.connect(self.client_stopped)
        row.revoked.connect(lambda device: self.granted.emit(device, "routing", False))
        return row

    def _share(self) -> None:
        self.lan.setEnabled(self.routing.isChecked())
        self.set_wanted.emit(OWN_DEVICES, sharing(self.routing.isChecked(), self.lan.isChecked()))

    def _arrange(self) -> None:
        verdict = QHBoxLayout()
        verdict.setSpacing(GAP // 2)
        verdict.addWidget(self.sign, 0, Qt.AlignmentFlag.AlignTop)
        verdict.addWidget(self.verdict, 1)
        indented = QHBoxLayout()
        indented.addSpacing(2 * GAP)
        indented.addWidget(self.lan, 1)
        self._rows.setSpacing(GAP // 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GAP + 4, GAP, GAP + 4, GAP)
        layout.setSpacing(GAP // 2)
        layout.addWidget(self.heading)
        layout.addLayout(verdict)
        layout.addWidget(self.routing)
        layout.addLayout(indented)
        layout.addSpacing(GAP // 2)
        layout.addWidget(self.clients_heading)
        layout.addLayout(self._rows)
        layout.addWidget(self.empty)


class ClientRow(QWidget):
    """One client, and the buttons that stop it."""

    stopped = Signal(str, bool)
    """The device's id, and whether it is to be stopped (or to go on)."""
    revoked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._client = Client("", "", "")
        self.mark = StateMark()
        self.name, self.remark = ElidedLabel(), label(wrapped=True, quiet=True)
        self.stop, self.revoke = OneClickButton(), OneClickButton(translate("ThisDevice", "Revoke"))
        self.stop.clicked.connect(lambda: self.stopped.emit(self._client.id, not self._client.stopped))
        self.revoke.clicked.connect(lambda: self.revoked.emit(self._client.id))
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 2, 0, 2)
        grid.setHorizontalSpacing(GAP // 2)
        grid.setVerticalSpacing(0)
        grid.setColumnStretch(1, 1)
        grid.addWidget(self.mark, 0, 0)
        grid.addWidget(self.name, 0, 1)
        grid.addWidget(self.remark, 1, 1)
        grid.addWidget(self.stop, 0, 2, 2, 1, Qt.AlignmentFlag.AlignVCenter)
        grid.addWidget(self.revoke, 0, 3, 2, 1, Qt.AlignmentFlag.AlignVCenter)

    def show_client(self, client: Client) -> None:
        """Show this client."""
        self._client = client
        self.mark.show_state(State.OFFLINE if client.stopped else State.ONLINE)
        self.name.setText(client.name)
        self.remark.show_text(client.remark)
        self.stop.setVisible(client.can_stop)
        self.revoke.setVisible(bool(client.id))
        self.revoke.setEnabled(client.can_revoke)
        if client.stopped:
            text, told = translate("ThisDevice", "Let it go on"), translate("ThisDevice", "Let {name} go on")
        else:
            text = translate("ThisDevice", "Stop for 10 minutes")
            told = translate("ThisDevice", "Stop {name} for 10 minutes")
        self.stop.setText(text)
        self.stop.setAccessibleName(told.format(name=client.name))
        no_more = translate("ThisDevice", "No longer allow {name} to route through this device")
        self.revoke.setAccessibleName(no_more.format(name=client.name))
        self.setAccessibleName(client.name)
