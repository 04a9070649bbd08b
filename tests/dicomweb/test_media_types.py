"""Accept headers with the parameters of DICOM, as clients really write them (PS3.18 Section 8.7)."""

import pytest

from archive.pixels import ImagePixels
from dicomweb.frame_formats import choose_format
from dicomweb.media_types import MediaRange, parse_accept
from dicomweb.problems import Problem

JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
EXPLICIT = "1.2.840.10008.1.2.1"
RLE = "1.2.840.10008.1.2.5"
MPEG2 = "1.2.840.10008.1.2.4.100"


def pixels(transfer_syntax: str, *, bits: int = 8, samples: int = 1) -> ImagePixels:
    return ImagePixels(
        transfer_syntax_uid=transfer_syntax,
        rows=8,
        columns=8,
        samples_per_pixel=samples,
        bits_allocated=bits,
        bits_stored=bits,
        pixel_representation=0,
        planar_configuration=0,
        photometric_interpretation="RGB" if samples == 3 else "MONOCHROME2",
        number_of_frames=1,
        real=False,
        vr=b"OB",
        position=0,
        length=64 if transfer_syntax == EXPLICIT else 0xFFFFFFFF,
    )


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("*/*", [MediaRange("*/*")]),
        (
            'multipart/related; type="application/octet-stream"; transfer-syntax=*',
            [MediaRange("multipart/related", {"type": "application/octet-stream", "transfer-syntax": "*"})],
        ),
        (
            "multipart/related; type=application/octet-stream; transfer-syntax=*",
            [MediaRange("multipart/related", {"type": "application/octet-stream", "transfer-syntax": "*"})],
        ),
        ("IMAGE/PNG;Q=0.5, image/jpeg", [MediaRange("image/jpeg"), MediaRange("image/png", {}, 0.5)]),
        (
            'multipart/related; type="a/b,c/d", x/y',
            [MediaRange("multipart/related", {"type": "a/b,c/d"}), MediaRange("x/y")],
        ),
        ("image/jpeg;q=0, image/png", [MediaRange("image/png")]),
        # As in the example of PS3.18 Section 8.7.3.5.1
        (
            'multipart/related; type="image/*"; boundary=**',
            [MediaRange("multipart/related", {"type": "image/*", "boundary": "**"})],
        ),
        ("image/jpeg;q=junk", []),
        ("junk", []),
        (";;;,,,", []),
        ('a/b; type="unclosed', [MediaRange("a/b")]),
    ],
)
def test_accept_headers_are_read_with_and_without_quotes(header: str, expected: list[MediaRange]) -> None:
    assert parse_accept(header) == expected


@pytest.mark.parametrize(
    ("header", "media_type", "covered"),
    [
        ("image/png;q=0, image/*", "image/png", False),
        ("image/png;q=0, image/*", "image/jpeg", True),
        ("image/png;q=0, */*;q=0.1", "image/png", False),
        ("image/*;q=0, */*", "image/png", False),
        ("image/*;q=0, */*", "video/mp4", True),
        ("image/*;q=0.2, image/png;q=0.5", "image/png", True),
        # Of parts and of whole answers is said apart.
        ('multipart/related; type="image/png"; q=0, image/*', "image/png", True),
        ('multipart/related; type="image/png"; q=0, multipart/related; type="image/*"', "image/png", False),
    ],
)
def test_a_wildcard_leaves_out_what_another_range_refuses(header: str, media_type: str, covered: bool) -> None:
    """RFC 9110 Section 12.5.1: the most specific range that applies has precedence."""
    assert any(found.covers(media_type) for found in parse_accept(header)) is covered


def test_what_is_less_wanted_is_taken_last_though_a_wildcard_comes_first() -> None:
    wide, narrow = parse_accept("image/*, image/jpeg;q=0.3")
    assert not wide.covers("image/jpeg")
    assert wide.covers("image/png")
    assert narrow.covers("image/jpeg")


def test_long_headers_cost_little() -> None:
    assert len(parse_accept("a/b;" * 100_000)) <= 64
    assert len(parse_accept("a/b," * 100_000)) == 64
    assert parse_accept('"' * 100_000) == []


@pytest.mark.parametrize(
    ("accept", "stored", "expected"),
    [
        # What OHIF asks: as it is stored
        (
            "multipart/related; type=application/octet-stream; transfer-syntax=*",
            pixels(JPEG_BASELINE),
            ("image/jpeg", JPEG_BASELINE, False, True),
        ),
        (
            "multipart/related; type=application/octet-stream; transfer-syntax=*",
            pixels(EXPLICIT),
            ("application/octet-stream", EXPLICIT, False, True),
        ),
        # Viewers draw deep colour in RLE wrongly
        (
            "multipart/related; type=application/octet-stream; transfer-syntax=*",
            pixels(RLE, bits=16, samples=3),
            ("application/octet-stream", EXPLICIT, True, True),
        ),
        (
            "multipart/related; type=application/octet-stream; transfer-syntax=*",
            pixels(RLE, bits=16),
            ("image/dicom-rle", RLE, False, True),
        ),
        # The default is without compression
        ("*/*", pixels(JPEG_BASELINE), ("application/octet-stream", EXPLICIT, True, True)),
        (
            'multipart/related; type="application/octet-stream"',
            pixels(JPEG_BASELINE),
            ("application/octet-stream", EXPLICIT, True, True),
        ),
        ("application/octet-stream", pixels(JPEG_BASELINE), ("application/octet-stream", EXPLICIT, True, False)),
        # By the name of the image type, or of the syntax
        ('multipart/related; type="image/jpeg"', pixels(JPEG_BASELINE), ("image/jpeg", JPEG_BASELINE, False, True)),
        ("image/*", pixels(JPEG_BASELINE), ("image/jpeg", JPEG_BASELINE, False, False)),
        (
            f'multipart/related; type="image/jpeg"; transfer-syntax={JPEG_BASELINE}',
            pixels(JPEG_BASELINE),
            ("image/jpeg", JPEG_BASELINE, False, True),
        ),
        # The first that can be made
        (
            "image/jpeg; transfer-syntax=1.2.840.10008.1.2.4.57, application/octet-stream",
            pixels(JPEG_BASELINE),
            ("application/octet-stream", EXPLICIT, True, False),
        ),
        (
            "application/octet-stream;q=0.1, image/jpeg",
            pixels(JPEG_BASELINE),
            ("image/jpeg", JPEG_BASELINE, False, False),
        ),
        # Video has no decoder here, but is given as it is
        (
            "multipart/related; type=application/octet-stream; transfer-syntax=*",
            pixels(MPEG2),
            ("application/octet-stream", MPEG2, False, True),
        ),
        # Impossible
        ("image/jphc", pixels(JPEG_BASELINE), None),
        ("image/jp2; transfer-syntax=1.2.840.10008.1.2.4.80", pixels(JPEG_BASELINE), None),
        ("image/jls", pixels(MPEG2), None),
        ("text/html", pixels(EXPLICIT), None),
        ("image/jpeg", pixels(EXPLICIT), None),
        ("*/*", pixels(MPEG2), None),
        # Compressed anew, without loss
        ("image/jp2", pixels(JPEG_BASELINE), ("image/jp2", "1.2.840.10008.1.2.4.90", True, False)),
        ("multipart/related; type=image/jls", pixels(EXPLICIT), ("image/jls", "1.2.840.10008.1.2.4.80", True, True)),
        ("image/*", pixels(EXPLICIT), ("image/jls", "1.2.840.10008.1.2.4.80", True, False)),
        ("image/jp2; transfer-syntax=*", pixels(EXPLICIT), ("image/jp2", "1.2.840.10008.1.2.4.90", True, False)),
        # RFC 9110 Section 12.5.1
        ("multipart/*", pixels(EXPLICIT), ("application/octet-stream", EXPLICIT, False, True)),
        (
            f"application/octet-stream; transfer-syntax={RLE}",
            pixels(JPEG_BASELINE),
            ("image/dicom-rle", RLE, True, False),
        ),
        ("application/octet-stream; transfer-syntax=1.2.3.4", pixels(EXPLICIT), None),
    ],
)
def test_frames_have_the_format_that_is_wanted(
    accept: str, stored: ImagePixels, expected: tuple[str, str, bool, bool] | None
) -> None:
    if expected is None:
        with pytest.raises(Problem) as refused:
            choose_format(parse_accept(accept), stored, 1)
        assert refused.value.status == 406
    else:
        chosen = choose_format(parse_accept(accept), stored, 1)
        assert (chosen.media_type, chosen.transfer_syntax, chosen.decoded, chosen.multipart) == expected


def test_several_frames_come_in_parts() -> None:
    with pytest.raises(Problem):
        choose_format(parse_accept("application/octet-stream"), pixels(EXPLICIT), 2)
    wanted = parse_accept("application/octet-stream, multipart/related; type=application/octet-stream")
    assert choose_format(wanted, pixels(EXPLICIT), 2).multipart
