"""AGS, ARS, Leitweg-ID and LeiKa key: what is accepted, and what the sentence says when it is not."""

from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from tenants import identifiers
from tenants.identifiers import leitweg_check, parse_ags, parse_ars, parse_leika_key, parse_leitweg_id


def test_ags_parts() -> None:
    soest = parse_ags(" 05 9 74 040 ")
    assert str(soest) == "05974040"
    assert (soest.land, soest.state, soest.district, soest.municipality) == ("05", "NW", "05974", "040")
    assert not soest.is_district
    assert parse_ags("05974000").is_district


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "nur aus Ziffern"),
        ("0597404x", "nur aus Ziffern"),
        ("٠٥٩٧٤٠٤٠", "nur aus Ziffern"),
        ("05974040\x00", "nur aus Ziffern"),
        ("5974040", "führende Null"),
        ("059740400", "angegeben sind 9"),
        ("17974040", "17 gibt es nicht"),
        ("00974040", "00 gibt es nicht"),
    ],
)
def test_ags_says_what_is_wrong(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_ags(text)


@pytest.mark.parametrize(
    ("ars", "ags"),
    [
        ("059740040040", "05974040"),
        ("059740020020", "05974020"),
        ("059740000000", "05974000"),
        ("010515163003", "01051003"),
    ],
)
def test_ars_contains_its_ags(ars: str, ags: str) -> None:
    assert str(parse_ars(ars, ags=ags).ags) == ags
    assert parse_ars(ars).association == ars[5:9]


def test_ars_of_another_municipality_is_refused() -> None:
    with pytest.raises(ValueError, match="gehört zum AGS 05974040, angegeben ist der AGS 05974020"):
        parse_ars("059740040040", ags="05974020")


@pytest.mark.parametrize(
    ("text", "said"),
    [("59740040040", "führende Null"), ("05974040", "12 Ziffern"), ("999740040040", "99 gibt es nicht")],
)
def test_ars_says_what_is_wrong(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_ars(text)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("04011000-1234512345-06", ("04011000", "1234512345", "06")),
        ("057660004004-31001-55", ("057660004004", "31001", "55")),
        ("992-90009-96", ("992", "90009", "96")),
    ],
)
def test_leitweg_id(text: str, parts: tuple[str, str, str]) -> None:
    found = parse_leitweg_id(f" {text} ")
    assert (found.coarse, found.fine, found.check) == parts
    assert str(found) == text


def test_leitweg_id_without_fine_part_and_in_small_letters() -> None:
    assert str(parse_leitweg_id(f"05974040-{leitweg_check('05974040')}")) == f"05974040-{leitweg_check('05974040')}"
    check = leitweg_check("05974040", "ABC")
    assert str(parse_leitweg_id(f"05974040-abc-{check}")) == f"05974040-ABC-{check}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("09274154-NFH-06", "Prüfziffern 06 passen nicht"),
        ("04011000-1234512354-06", "Prüfziffern"),
        ("04011000", "zwei oder drei Teilen"),
        ("04011000-A-B-06", "zwei oder drei Teilen"),
        ("0401-1234512345-06", "2, 3, 5, 8, 9 oder 12"),
        ("0401100A-1234512345-06", "2, 3, 5, 8, 9 oder 12"),
        ("04011000--06", "mittlere Teil"),
        ("04011000-ÄÖ-06", "mittlere Teil"),
        (f"04011000-{'A' * 31}-06", "mittlere Teil"),
        ("04011000-1234512345-6", "zwei Prüfziffern"),
        ("04011000-1234512345-0A", "zwei Prüfziffern"),
    ],
)
def test_leitweg_id_says_what_is_wrong(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_leitweg_id(text)


@given(
    st.sampled_from([2, 3, 5, 8, 9, 12]).flatmap(lambda n: st.text("0123456789", min_size=n, max_size=n)),
    st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", max_size=30),
    st.data(),
)
def test_a_swap_of_neighbouring_digits_is_noticed(coarse: str, fine: str, data: st.DataObject) -> None:
    check = leitweg_check(coarse, fine)
    assert len(check) == 2
    at = data.draw(st.integers(0, len(coarse) - 2))
    swapped = coarse[:at] + coarse[at + 1] + coarse[at] + coarse[at + 2 :]
    if swapped != coarse:
        assert leitweg_check(swapped, fine) != check


def test_leika_key() -> None:
    key = parse_leika_key("99 115 005 104 000")
    assert str(key) == "99115005104000"
    assert key.grouped == "99 115 005 104 000"


@pytest.mark.parametrize("text", ["", "9911500510400", "991150051040000", "99 115 005 104 00x"])
def test_leika_key_says_what_is_wrong(text: str) -> None:
    with pytest.raises(ValueError, match="Der LeiKa-Schlüssel"):
        parse_leika_key(text)


@pytest.mark.parametrize(
    ("validate", "good", "spaced", "bad"),
    [
        (identifiers.validate_ags, "05974040", "05 974 040", "1"),
        (identifiers.validate_ars, "059740040040", "05974 0040040", "1"),
        (identifiers.validate_leitweg_id, "992-90009-96", "992-90009 -96", "09274154-NFH-06"),
        (identifiers.validate_leika_key, "99115005104000", "99 115 005 104 000", "1"),
    ],
)
def test_validators_take_the_stored_form_only(
    validate: Callable[[str], None], good: str, spaced: str, bad: str
) -> None:
    validate(good)
    with pytest.raises(ValidationError, match="Bitte in dieser Schreibweise"):
        validate(spaced)
    with pytest.raises(ValidationError):
        validate(bad)


@given(st.text())
def test_any_text_is_parsed_or_refused_in_words(text: str) -> None:
    parsers: list[Callable[[str], object]] = [parse_ags, parse_ars, parse_leitweg_id, parse_leika_key]
    for parse in parsers:
        try:
            assert str(parse(text))
        except ValueError as error:
            said = str(error)
        else:
            said = "."
        assert said.endswith(".")
