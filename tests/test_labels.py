"""A label is read by any camera, also when it is dirty, bent out of shape, blurred and printed badly."""

import random
import re
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import zxingcpp

from traceability import labels
from traceability.labels import is_loopback, label, label_svg, qr_matrix, qr_svg, sheet

URL = "https://t.example.org/id/4Q7XK2M9RC0ZB8V5DN3FHW"
LINES = [
    "PET bottle flake, clear",
    "1,024.5 kg",
    "Lot 2026-03-A17",
    "PT Daur Ulang",
    "2026-03-01",
    "t.example.org",
    "3 of 12",
]
Image = np.ndarray[tuple[int, int], np.dtype[np.uint8]]


def drawn(path: str, side: float, dots: float, origin: float = 0.0) -> Image:
    """The rectangles of a path on white; `dots` per module, in an image of `side` modules."""
    image = np.full((round(side * dots), round(side * dots)), 255, dtype=np.uint8)
    for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", path):
        top, left = round((int(y) + origin) * dots), round((int(x) + origin) * dots)
        image[top : round((int(y) + 1 + origin) * dots), left : round((int(x) + int(length) + origin) * dots)] = 0
    return image


def path_of(svg: str) -> str:
    paths = [each.get("d", "") for each in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}path")]
    return max(paths, key=len)


def read(image: Image) -> str | None:
    found = zxingcpp.read_barcode(image, formats=zxingcpp.BarcodeFormat.QRCode)
    return None if found is None else found.text


def blurred(image: Image, radius: int) -> Image:
    kernel = np.exp(-(np.arange(-3 * radius, 3 * radius + 1) ** 2) / (2 * radius**2))
    kernel /= kernel.sum()
    rows = np.apply_along_axis(lambda row: np.convolve(row, kernel, mode="same"), 1, 255.0 - image)
    return (255 - np.apply_along_axis(lambda row: np.convolve(row, kernel, mode="same"), 0, rows)).astype(np.uint8)


def tilted(image: Image, chance: random.Random) -> Image:
    """Seen from the side: every corner moved inwards by up to 8 %, sampled through the homography."""
    side = image.shape[0]
    square = [(0, 0), (side, 0), (side, side), (0, side)]
    moved = [(abs(x - chance.uniform(0, 0.08) * side), abs(y - chance.uniform(0, 0.08) * side)) for x, y in square]
    rows, values = [], []
    for (u, v), (x, y) in zip(moved, square, strict=True):
        rows += [[u, v, 1, 0, 0, 0, -u * x, -v * x], [0, 0, 0, u, v, 1, -u * y, -v * y]]
        values += [x, y]
    solved = np.append(np.linalg.solve(np.array(rows), np.array(values)), 1).reshape(3, 3)
    v, u = np.mgrid[0:side, 0:side]
    x, y, w = np.tensordot(solved, np.stack([u, v, np.ones_like(u)]), axes=1)
    x, y = np.round(x / w).astype(int), np.round(y / w).astype(int)
    inside = (x >= 0) & (x < side) & (y >= 0) & (y < side)
    return np.where(inside, image[y.clip(0, side - 1), x.clip(0, side - 1)], 255).astype(np.uint8)


def dirty(image: Image, share: float, chance: random.Random) -> Image:
    """A grey smear over a part of the code's area, away from its three corner marks."""
    side = image.shape[0]
    edge = int(side * (share**0.5))
    top = chance.randint(int(side * 0.4), int(side * 0.9) - edge)
    left = chance.randint(int(side * 0.4), int(side * 0.9) - edge)
    result = image.copy()
    result[top : top + edge, left : left + edge] = chance.choice([0, 128, 255])
    return result


def test_the_code_holds_the_url() -> None:
    matrix = qr_matrix(URL)
    svg = qr_svg(URL)
    assert read(drawn(path_of(svg), len(matrix) + 8, 5)) == URL


def test_the_quiet_zone_is_four_modules_wide() -> None:
    image = drawn(path_of(qr_svg(URL)), len(qr_matrix(URL)) + 8, 1)
    dark = np.argwhere(image == 0)
    assert dark.min() == 4
    assert dark.max() == image.shape[0] - 5


def test_the_path_draws_exactly_the_matrix() -> None:
    matrix = qr_matrix(URL)
    image = drawn(path_of(qr_svg(URL)), len(matrix) + 8, 1)[4:-4, 4:-4]
    assert ((image == 0) == np.array(matrix)).all()


def test_every_length_of_url_that_fits_is_read() -> None:
    for length in range(20, 150, 7):
        url = URL + "z" * (length - len(URL)) if length > len(URL) else URL[:length]
        assert read(drawn(path_of(qr_svg(url)), len(qr_matrix(url)) + 8, 4)) == url


def test_a_url_beyond_latin_letters_is_read() -> None:
    url = "https://循環.example/ล็อต/4Q7X"
    assert read(drawn(path_of(qr_svg(url)), len(qr_matrix(url)) + 8, 4)) == url


def test_damaged_labels_are_read_at_least_99_times_in_100() -> None:
    chance, good, tries = random.Random(20260301), 0, 100
    for _ in range(tries):
        url = "https://t.example.org/id/" + "".join(chance.choices("0123456789ABCDEFGHJKMNPQRSTVWXYZ", k=22))
        side = len(qr_matrix(url)) + 8
        # 40 mm over 33 modules at 203 dpi are 9.7 dots a module; a camera further away keeps fewer of them.
        image = drawn(path_of(qr_svg(url)), side, chance.uniform(7, 9.7))
        image = blurred(tilted(dirty(image, chance.uniform(0.02, 0.06), chance), chance), chance.choice([1, 2]))
        if chance.random() < 0.5:
            image = np.where(image > 127, 255, 0).astype(np.uint8)
        good += read(image) == url
    assert good / tries >= 0.99


def test_the_label_has_its_size_and_a_code_large_enough_for_a_bale() -> None:
    for url in (URL, "https://a.jp/1", URL + "z" * 90):
        spec = label(url, "7KQ2-M9XT-4C", LINES)
        drawing = ET.fromstring(label_svg(spec))
        assert (drawing.get("width"), drawing.get("height")) == ("99.1mm", "67.7mm")
        group = drawing.find("{http://www.w3.org/2000/svg}g")
        assert group is not None
        module = float(re.findall(r"scale\(([\d.]+)\)", group.get("transform", ""))[0])
        modules = len(qr_matrix(url))
        assert module >= 0.75 - 1e-4
        assert module * modules == pytest.approx(spec.code_mm, abs=0.01)
        assert spec.code_mm >= 40
        assert module * (modules + 8) + 2 <= 67.7


def test_the_code_on_the_label_is_read() -> None:
    spec = label(URL, "7KQ2-M9XT-4C", LINES)
    assert read(drawn(path_of(label_svg(spec)), len(qr_matrix(URL)) + 8, 6)) == URL


def test_the_label_says_what_it_was_given_inside_its_frame() -> None:
    lines = [
        "再生PETフレーク（透明）食品容器用グレード" * 3,
        "ล็อตวัสดุรีไซเคิลพลาสติก" * 4,
        "W" * 119,
        "a <b> & 'c' \"d\"",
        *LINES[:4],
    ]
    for spec in (label(URL, "7KQ2-M9XT-4C", LINES), label(URL, "7KQ2-M9XT-4C", lines)):
        drawing = ET.fromstring(label_svg(spec))
        texts = list(drawing.iter("{http://www.w3.org/2000/svg}text"))
        said = "".join(each.text or "" for each in texts).replace(" ", "")
        assert all(line.replace(" ", "") in said for line in spec.lines)
        assert "7KQ2-M9XT-4C" in said
        for each in texts[1:]:
            size = float(each.get("font-size", "0"))
            assert float(each.get("y", "0")) < labels.HEIGHT - 2
            assert float(each.get("x", "0")) + labels.breadth(each.text or "") * size <= labels.WIDTH


def test_a_url_too_long_for_a_bale_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        label("https://t.example.org/" + "z" * 400, "7KQ2", LINES)


def test_a_sheet_has_eight_labels_on_a_page_and_none_is_lost() -> None:
    specs = [label(f"{URL[:-2]}{n:02}", f"CODE-{n}", [f"{n} of 19"]) for n in range(1, 20)]
    html = sheet(specs)
    pages = ET.fromstring(f"<body>{html}</body>").findall("section")
    counts = [len(page.findall("*/{http://www.w3.org/2000/svg}svg")) for page in pages]
    assert counts == [8, 8, 3]
    assert all(f"CODE-{n}<" in html for n in range(1, 20))
    assert sheet([]) == ""
    assert "style=" not in html  # a strict content security policy refuses inline styles


def test_markup_in_a_line_stays_text() -> None:
    spec = label(URL, "<script>", ['"><script>alert(1)</script>'])
    assert "<script" not in label_svg(spec)
    assert "<script" not in qr_svg(URL + '"><script>')


@pytest.mark.parametrize(
    ("url", "answer"),
    [
        ("http://127.0.0.1:8000/", True),
        ("http://localhost:8000", True),
        ("https://junkan.localhost/x", True),
        ("http://[::1]:8000/", True),
        ("http://[::ffff:127.0.0.1]/", True),
        ("http://0.0.0.0:8000", True),
        ("http://127.9.9.9", True),
        ("http://192.168.1.20:8000", False),
        ("https://junkan.example", False),
        ("https://localhost.example", False),
        ("https://127.0.0.1.example", False),
    ],
)
def test_an_address_that_a_phone_cannot_open_is_known(url: str, answer: bool) -> None:
    assert is_loopback(url) is answer
