"""How long sounds are."""

from telephony_bridge.routing import lengths


def test_those_of_a_list_are_heard_one_after_the_other(tmp_path):
    for name, seconds in (("short", 0.5), ("long", 3)):
        (tmp_path / f"{name}.wav").write_bytes(bytes(int(44 + seconds * 16_000)))
    assert lengths.seconds(()) == 0
    assert lengths.seconds([f"sound:{tmp_path}/short"]) == 1
    assert lengths.seconds([f"sound:{tmp_path}/short", f"sound:{tmp_path}/long"]) == 5


def test_of_what_is_not_here_the_longest_is_assumed(tmp_path):
    assert lengths.seconds([f"sound:{tmp_path}/none"]) == lengths.UNKNOWN
