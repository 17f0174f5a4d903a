"""What a caller hears who arrives, and what the distribution should know of them. Values only, made of a snapshot of the database; no clock.

    Reception().welcome({"dialled": "+4929211030", "diversion": "", "history": ""}, waiting=3)

Media are named as Asterisk does: `sound:/folder/file`, without its ending.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from telephony_bridge.identify import Dialled, Identified, Prefix, identify
from telephony_bridge.routing.skills import ANYTHING, Wants

Media = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A municipality as its callers hear it. `emergency` comes first, in and out of hours; `closed`: what is said where nobody is there."""

    slug: str
    emergency: Media = ()
    closed: Media = ()


@dataclass(frozen=True, slots=True)
class Welcome:
    """`closed`: it is heard, and the call ends. Else `first` is heard, then music."""

    first: Media = ()
    closed: Media = ()
    wants: Wants = ANYTHING


@dataclass(frozen=True, slots=True)
class Reception:
    """A centre. `is_open` is asked at each call. `shut`: closed at once by whoever leads the team, whatever the hours say.

    `languages`: number (E.164) -> the language that its callers want (ISO 639-1).
    `longest` callers wait at most, the next one hears `full`; `callback` is what who pressed 1 hears.
    """

    places: tuple[Place, ...] = ()
    prefixes: tuple[Prefix[str], ...] = ()
    languages: Mapping[str, str] = field(default_factory=dict)
    is_open: Callable[[], bool] = lambda: True
    unknown: Place = Place("")
    shut: Media = ()
    longest: int = 500
    full: Media = ()
    callback: Media = ()
    say: Callable[[str], Media] = lambda _text: ()  # a sound for a text, where there is one
    waits: Media = ()  # heard by who comes while others wait already: that key 1 asks for being called back

    def welcome(self, told: Mapping[str, str], *, waiting: int) -> Welcome:
        """For a call with these headers, while so many others wait."""
        called = self._called(told)
        place = self._place(called)
        wants = self._wants(called, place)
        if self.shut:
            return Welcome(closed=(*place.emergency, *self.shut), wants=wants)
        if not self.is_open() and place.closed:
            return Welcome(closed=(*place.emergency, *place.closed), wants=wants)
        if waiting >= self.longest and self.full:
            return Welcome(closed=(*place.emergency, *self.full), wants=wants)
        return Welcome(first=(*place.emergency, *(self.waits if waiting else ())), wants=wants)

    def wants(self, told: Mapping[str, str]) -> Wants:
        """What the distribution should know of a call with these headers, of which no more is known than they say."""
        called = self._called(told)
        return self._wants(called, self._place(called))

    def _place(self, called: Identified[str]) -> Place:
        return next((place for place in self.places if place.slug == called.municipality_key), self.unknown)

    def _wants(self, called: Identified[str], place: Place) -> Wants:
        return Wants(municipality=place.slug or None, language=self.languages.get(called.number or ""))

    def _called(self, told: Mapping[str, str]) -> Identified[str]:
        headers = {name: tuple(filter(None, [told.get(name, "").strip(",")])) for name in ("diversion", "history")}
        number = told.get("dialled", "")
        return identify(Dialled(number, number, headers["diversion"], headers["history"]), self.prefixes)
