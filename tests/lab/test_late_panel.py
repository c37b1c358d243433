"""An app that starts with the session, before the panel, has its icon all the same."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from lab.desktop import Desktop

pytestmark = [pytest.mark.lab, pytest.mark.timeout(60)]

_DRIVER = str(Path(__file__).with_name("tray_driver.py"))


def test_the_icon_comes_with_a_panel_that_starts_after_the_app(desktop: Desktop) -> None:
    pytest.importorskip("jeepney", reason="D-Bus is there on Linux only")
    from lab.statusnotifier import Panel

    app = desktop.run_gui([sys.executable, _DRIVER])
    app.wait_for_line("waiting", 20.0)
    assert desktop.tray_icons() == []
    with Panel(desktop.directory / "bus") as panel:
        panel.wait_for_item()
        app.wait_for_line("appeared")
        assert panel.open_menu()[0].text == "Looking for the daemon"
