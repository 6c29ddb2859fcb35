"""The cast: who takes part in the demo world, where, and who signs in (all names are invented)."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

PASSWORD: Final = "junkan-demo-2026"  # noqa: S105 - the demo world's, printed at start; a real platform has none


@dataclass(frozen=True, slots=True)
class Site:
    """A facility: name, place and time zone."""

    name: str
    zone: str
    latitude: Decimal
    longitude: Decimal


@dataclass(frozen=True, slots=True)
class Party:
    """An organisation with one facility (none for those that handle nothing) and one person who signs in."""

    key: str
    name: str
    country: str
    roles: tuple[str, ...]
    person: str
    language: str
    site: Site | None = None
    name_public: bool = True


def _site(name: str, zone: str, latitude: str, longitude: str) -> Site:
    return Site(name, zone, Decimal(latitude), Decimal(longitude))


_TOKYO, _BANGKOK, _SAIGON, _JAKARTA = "Asia/Tokyo", "Asia/Bangkok", "Asia/Ho_Chi_Minh", "Asia/Jakarta"

CAST: Final[tuple[Party, ...]] = (
    Party("jp-collector", "Musashi Collection Cooperative", "JP", ("collector",), "Sato Haruka", "ja",
          _site("Musashi depot", _TOKYO, "35.70270", "139.57980"), name_public=False),
    Party("jp-sorter", "Tamagawa Sorting", "JP", ("sorter",), "Ito Ren", "ja",
          _site("Tamagawa sorting line", _TOKYO, "35.56780", "139.70110"), name_public=False),
    Party("jp-recycler", "Hokuto Saisei", "JP", ("recycler",), "Mori Aoi", "ja",
          _site("Hokuto works", _TOKYO, "35.77640", "138.42360")),
    Party("jp-compounder", "Hamanako Compounding", "JP", ("compounder",), "Kato Yui", "ja",
          _site("Hamanako line 1", _TOKYO, "34.71080", "137.72610")),
    Party("jp-manufacturer", "Shirane Bottle Works", "JP", ("manufacturer",), "Ono Daichi", "ja",
          _site("Shirane plant", _TOKYO, "36.37760", "139.06070")),
    Party("jp-producer", "Minato Beverages", "JP", ("producer",), "Abe Mio", "ja"),
    Party("jp-pro", "Junkan Demo PRO", "JP", ("pro",), "Endo Sora", "ja"),
    Party("jp-laboratory", "Kinki Polymer Laboratory", "JP", ("laboratory",), "Hara Kei", "ja"),
    Party("jp-regulator", "Regulator of the demo world, Japan", "JP", ("regulator",), "Ueda Rin", "ja"),
    Party("th-collector", "Chao Phraya Collection", "TH", ("collector",), "Anong Srisuk", "th",
          _site("Nonthaburi yard", _BANGKOK, "13.86220", "100.51440"), name_public=False),
    Party("th-sorter", "Bang Na Sorting", "TH", ("sorter",), "Kittisak Boonmee", "th",
          _site("Bang Na hall", _BANGKOK, "13.66820", "100.61470"), name_public=False),
    Party("th-recycler", "Siam Flake Works", "TH", ("recycler",), "Malee Wongsa", "th",
          _site("Rayong works", _BANGKOK, "12.68140", "101.28160")),
    Party("th-manufacturer", "Lanna Packaging", "TH", ("manufacturer",), "Preecha Chaiyo", "th",
          _site("Lamphun plant", _BANGKOK, "18.57450", "99.00870")),
    Party("th-producer", "Rim Nam Drinks", "TH", ("producer",), "Suda Thongdee", "th"),
    Party("th-certifier", "Mekong Conformity", "TH", ("certifier",), "Niran Phasuk", "th"),
    Party("th-regulator", "Regulator of the demo world, Thailand", "TH", ("regulator",), "Ratana Inta", "th"),
    Party("vn-collector", "Hong River Collection", "VN", ("collector",), "Nguyen Thi Lan", "vi",
          _site("Long Bien yard", _SAIGON, "21.03770", "105.88600"), name_public=False),
    Party("vn-sorter", "Binh Duong Sorting", "VN", ("sorter",), "Tran Van Minh", "vi",
          _site("Binh Duong hall", _SAIGON, "10.98040", "106.65190"), name_public=False),
    Party("vn-recycler", "Sen Viet Recycling", "VN", ("recycler",), "Le Thu Ha", "vi",
          _site("Sen Viet works", _SAIGON, "10.87310", "106.74220")),
    Party("vn-producer", "Mekong Tea House", "VN", ("producer",), "Pham Quang Huy", "vi"),
    Party("vn-regulator", "Regulator of the demo world, Viet Nam", "VN", ("regulator",), "Vo Thanh Son", "vi"),
    Party("id-collector", "Bank Sampah Nusantara", "ID", ("collector",), "Dewi Lestari", "id",
          _site("Depok yard", _JAKARTA, "-6.40250", "106.79420"), name_public=False),
    Party("id-sorter", "Bekasi Sorting", "ID", ("sorter",), "Agus Santoso", "id",
          _site("Bekasi hall", _JAKARTA, "-6.23830", "106.97560"), name_public=False),
    Party("id-recycler", "Melati Polymer", "ID", ("recycler",), "Siti Rahma", "id",
          _site("Karawang works", _JAKARTA, "-6.32270", "107.33760")),
    Party("id-producer", "Tirta Segar", "ID", ("producer",), "Budi Hartono", "id"),
    Party("id-regulator", "Regulator of the demo world, Indonesia", "ID", ("regulator",), "Ayu Pratiwi", "id"),
)  # fmt: skip

COUNTRIES: Final = ("JP", "TH", "VN", "ID")


def email(party: Party) -> str:
    """Who signs in for a party."""
    return f"{party.key}@demo.junkan.example"
