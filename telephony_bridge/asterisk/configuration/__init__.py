"""The files of an Asterisk, made of values: what the database and an administrator say in, complete and commented files out.

Nothing here reads a database or knows a clock. A laboratory (telephony_bridge.asterisk.lab) and a service centre get the same files.
"""

from telephony_bridge.asterisk.configuration.rendering import rendered
from telephony_bridge.asterisk.configuration.wanted import Folders, Numbers, Place, Ports, Station, Trunk, Wanted

__all__ = ["Folders", "Numbers", "Place", "Ports", "Station", "Trunk", "Wanted", "rendered"]
