"""Images as presentation states want them shown, against a reference in numpy (PS3.4 Section N.2, PS3.3 A.33)."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from tests.dicomweb.conftest import Web
from tests.dicomweb.objects import image, path_of, ramp, saved
from tests.dicomweb.pictures import shown

STATE = "1.2.840.10008.5.1.4.1.1.11.1"


def items(**attributes: Any) -> Sequence:
    ds = Dataset()
    for name, value in attributes.items():
        setattr(ds, name, value)
    return Sequence([ds])


def lut(entries: Any, first: int, bits: int) -> Sequence:
    ds = Dataset()
    ds.add_new(0x00283002, "US", [len(entries), first, bits])
    ds.add_new(0x00283006, "OW", np.asarray(entries, np.uint16).tobytes())
    return Sequence([ds])


def state_of(under: Dataset, **attributes: Any) -> Dataset:
    ds = image(ramp(), SOPClassUID=STATE, StudyInstanceUID=under.StudyInstanceUID, Modality="PR")
    for name in ("Rows", "Columns", "PixelData", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation"):
        delattr(ds, name)
    references = items(ReferencedSOPClassUID=under.SOPClassUID, ReferencedSOPInstanceUID=under.SOPInstanceUID)
    ds.ReferencedSeriesSequence = items(SeriesInstanceUID=under.SeriesInstanceUID, ReferencedImageSequence=references)
    ds.PresentationLUTShape = "IDENTITY"
    for name, value in attributes.items():
        setattr(ds, name, value)
    return ds


def both(web: Web, folder: Path, under: Dataset, **attributes: Any) -> Any:
    """Keep image and state, and give the picture of the state in grey."""
    state = state_of(under, **attributes)
    web.receive(saved(under, folder), saved(state, folder))
    picture = shown(web, state)
    return picture if "GraphicAnnotationSequence" in attributes else picture[..., 0]


def exact(values: Any, center: float, width: float) -> Any:
    return np.clip((np.asarray(values, float) - (center - 0.5)) / (width - 1) + 0.5, 0, 1) * 255


def close(found: Any, expected: Any) -> bool:
    return found.shape == expected.shape and float(np.abs(found.astype(float) - expected).max()) <= 1


WINDOW = {"SoftcopyVOILUTSequence": items(WindowCenter="200", WindowWidth="100")}


def test_the_states_window_takes_the_place_of_the_images(web: Web, tmp_path: Path) -> None:
    under = image(ramp(), WindowCenter="1", WindowWidth="2", RescaleSlope="7", RescaleIntercept="9")
    assert close(both(web, tmp_path, under, **WINDOW), exact(ramp(), 200, 100))


def test_modality_and_presentation_tables_of_the_state_are_applied(web: Web, tmp_path: Path) -> None:
    entries, presented = np.arange(384)[::-1], np.arange(256) ** 2
    found = both(
        web,
        tmp_path,
        image(ramp()),
        ModalityLUTSequence=lut(entries, 0, 16),
        SoftcopyVOILUTSequence=items(WindowCenter="192", WindowWidth="384", VOILUTFunction="LINEAR_EXACT"),
        PresentationLUTSequence=lut(presented, 0, 16),
    )
    shades = np.clip((entries[ramp()] - 192) / 384 + 0.5, 0, 1)
    expected = presented[(shades * 255 + 0.5).astype(int)] / 65535 * 255
    # One entry of this table is up to two shades from the next.
    assert float(np.abs(found - expected).max()) < 3


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("shape", ["IDENTITY", "INVERSE"])
def test_the_state_alone_decides_what_is_bright(web: Web, tmp_path: Path, photometric: str, shape: str) -> None:
    under = image(ramp(), PhotometricInterpretation=photometric)
    expected = exact(ramp(), 200, 100)
    found = both(web, tmp_path, under, PresentationLUTShape=shape, **WINDOW)
    assert close(found, 255 - expected if shape == "INVERSE" else expected)


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
@pytest.mark.parametrize("flip", ["Y", "N"])
def test_pictures_are_turned_clockwise_and_then_mirrored(web: Web, tmp_path: Path, turn: int, flip: str) -> None:
    found = both(web, tmp_path, image(ramp()), ImageRotation=turn, ImageHorizontalFlip=flip, **WINDOW)
    expected = np.rot90(exact(ramp(), 200, 100), -turn // 90)
    assert close(found, expected[:, ::-1] if flip == "Y" else expected)


def test_the_displayed_area_is_cut_out(web: Web, tmp_path: Path) -> None:
    area = items(DisplayedAreaTopLeftHandCorner=[3, 2], DisplayedAreaBottomRightHandCorner=[10, 9])
    found = both(web, tmp_path, image(ramp()), DisplayedAreaSelectionSequence=area, **WINDOW)
    assert close(found, exact(ramp(), 200, 100)[1:9, 2:10])


def test_shutters_cover_the_picture(web: Web, tmp_path: Path) -> None:
    edges = {"Left": 4, "Right": 20, "Upper": 2, "Lower": 12}
    names = {"Left": "VerticalEdge", "Right": "VerticalEdge", "Upper": "HorizontalEdge", "Lower": "HorizontalEdge"}
    attributes: dict[str, Any] = {f"Shutter{side}{names[side]}": value for side, value in edges.items()}
    found = both(
        web,
        tmp_path,
        image(ramp() + 300),
        ShutterShape=["RECTANGULAR", "CIRCULAR"],
        CenterOfCircularShutter=[7, 12],
        RadiusOfCircularShutter=5,
        **attributes,
        **WINDOW,
    )
    row, column = np.mgrid[1:17, 1:25]
    free = (column > 4) & (column < 20) & (row > 2) & (row < 12) & ((row - 7) ** 2 + (column - 12) ** 2 <= 25)
    assert np.array_equal(found == 255, free)


def test_a_polygon_covers_what_is_outside(web: Web, tmp_path: Path) -> None:
    vertices = [2, 2, 2, 20, 14, 20, 14, 2]
    found = both(
        web, tmp_path, image(ramp() + 300), ShutterShape="POLYGONAL", VerticesOfThePolygonalShutter=vertices, **WINDOW
    )
    assert found[7, 10] == 255
    assert found[15, 10] == found[7, 22] == 0


def test_graphics_and_text_are_drawn(web: Web, tmp_path: Path) -> None:
    under = image(np.zeros((200, 300), np.uint8))
    window = items(WindowCenter="128", WindowWidth="256")
    line, circle, text = Dataset(), Dataset(), Dataset()
    line.GraphicAnnotationUnits, line.GraphicType, line.GraphicData = "PIXEL", "POLYLINE", [10, 20, 100, 20]
    circle.GraphicAnnotationUnits, circle.GraphicType, circle.GraphicData = "DISPLAY", "CIRCLE", [0.5, 0.5, 0.6, 0.5]
    for graphic in (line, circle):
        graphic.GraphicDimensions, graphic.NumberOfGraphicPoints, graphic.GraphicFilled = 2, 2, "N"
    text.UnformattedTextValue, text.AnchorPointAnnotationUnits = "Mean 5", "PIXEL"
    text.AnchorPoint, text.AnchorPointVisibility = [200, 150], "N"
    annotation = items(GraphicLayer="A", GraphicObjectSequence=Sequence([line, circle]))
    annotation[0].TextObjectSequence = Sequence([text])
    found = both(web, tmp_path, under, GraphicAnnotationSequence=annotation, SoftcopyVOILUTSequence=window)
    drawn = found[..., 0] > 100
    assert drawn[19:21, 12:98].any(axis=0).all()
    assert drawn[98:102, 178:182].any()
    assert drawn[150:165, 200:250].sum() > 20
    assert not drawn[160:, :150].any()


def test_a_state_whose_images_are_not_here_is_404(web: Web, tmp_path: Path) -> None:
    state = state_of(image(ramp()), **WINDOW)
    web.receive(saved(state, tmp_path))
    assert web.http.get(f"{path_of(state)}/rendered").status_code == 404


def test_an_item_that_names_another_image_does_not_apply(web: Web, tmp_path: Path) -> None:
    under = image(ramp())
    other = items(ReferencedSOPInstanceUID="1.2.3", ReferencedSOPClassUID=under.SOPClassUID)
    ours = items(WindowCenter="200", WindowWidth="100")
    theirs = items(WindowCenter="5", WindowWidth="5", ReferencedImageSequence=other)
    found = both(web, tmp_path, under, SoftcopyVOILUTSequence=Sequence([theirs[0], ours[0]]))
    assert close(found, exact(ramp(), 200, 100))
