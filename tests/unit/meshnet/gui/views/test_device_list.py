"""The devices of one tab."""

from __future__ import annotations

from pytestqt.qtbot import QtBot
from unit.meshnet.gui.fake_daemon import device, joined

from meshnet.gui.models.mesh import Snapshot
from meshnet.gui.models.rows import rows
from meshnet.gui.views.device_list import DeviceList
from meshnet.protocol.local import DeviceView


def show(devices: DeviceList, *views: DeviceView) -> None:
    mesh = Snapshot(connected=True, status=joined(), devices={view.id: view for view in views})
    devices.show_rows(rows(mesh, "yours"))


def test_the_rows_stand_in_order_whenever_their_devices_came(qtbot: QtBot) -> None:
    devices = DeviceList("Nobody.")
    qtbot.addWidget(devices)
    nas, attic, home = device("nas", 2), device("attic", 3), device("home", 4)
    show(devices, nas, home)
    show(devices, nas, home, attic)
    devices.resize(500, 800)
    devices.show()
    heights = [devices.row(view.id).y() for view in (attic, home, nas)]
    assert heights == sorted(set(heights))


def test_without_devices_it_says_what_it_was_told_to_say(qtbot: QtBot) -> None:
    devices = DeviceList("Nobody.")
    qtbot.addWidget(devices)
    show(devices)
    assert devices.empty.isVisibleTo(devices)
    show(devices, device("nas"))
    assert not devices.empty.isVisibleTo(devices)


def test_what_is_ticked_in_a_row_is_passed_on(qtbot: QtBot) -> None:
    devices = DeviceList("Nobody.")
    qtbot.addWidget(devices)
    nas = device("nas")
    show(devices, nas)
    with qtbot.waitSignal(devices.granted) as granted:
        devices.row(nas.id).routing.click()
    assert granted.args == [nas.id, "routing", True]
