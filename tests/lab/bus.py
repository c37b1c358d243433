"""A message bus for a machine of the lab: programs that speak D-Bus find one where they look for the system's."""

from __future__ import annotations

from lab.net import Machine, Process

# No service directories: nothing of the computer is started by asking for it, such as its authority for rights.
_CONFIGURATION = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=/run/dbus/system_bus_socket</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/><allow own="*"/><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>
  </policy>
</busconfig>
"""


def start_bus(machine: Machine) -> Process:
    """Start it, once it answers; everybody may do everything there."""
    machine.run("mkdir", "-p", "/run/dbus")
    machine.file("/run/bus.conf").write_text(_CONFIGURATION)
    bus = machine.spawn("dbus-daemon", "--config-file=/run/bus.conf", "--nofork", "--nopidfile", "--print-address")
    bus.wait_for_line("unix:")
    return bus
