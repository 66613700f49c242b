"""A Salesforce org on your machine."""

from salesforce_emulator.emulator import Emulator
from salesforce_emulator.org.model import Org
from salesforce_emulator.org.reading import OrgError, read_org

__all__ = ["Emulator", "Org", "OrgError", "read_org"]
