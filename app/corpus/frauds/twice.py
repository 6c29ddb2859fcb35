"""Twice: more sold than there is, claimed again elsewhere, of another country, or going round in a circle."""

from app.corpus.frauds.scene import Scene
from app.corpus.honest import TONNE


def already_claimed(scene: Scene) -> None:
    """F4 United Kingdom 2024: waste of elsewhere, waste that was claimed already, waste that goes round."""
    firm = scene.party("recycler", "GB")
    other = scene.near(firm, "recycler")
    scene.permits(firm, 100 * TONNE, "reprocessing")
    foreign = scene.stock(firm, 100 * TONNE, country=scene.random.choice(["FR", "NL", "TR"]))
    own, travelling = scene.stock(firm, 100 * TONNE), scene.stock(firm, 100 * TONNE)
    elsewhere = scene.caught("waste of another country", "C10", "ORIGIN_UNBACKED")
    scene.claims(firm, foreign, "epr", scene.tonnes(1, 100), "GB", elsewhere)
    scene.claims(firm, own, "epr", 60 * TONNE, "GB")
    again = scene.caught("claimed already", "C07", "DOUBLE_CLAIM")
    scene.claims(firm, own, "epr", scene.tonnes(41, 100), "GB", again)
    grams = scene.tonnes(5, 20)
    scene.sends(firm, other, travelling, grams)
    scene.forward(hours=5)
    scene.takes(other, firm, travelling, (grams, grams))
    scene.forward(hours=5)
    scene.sends(other, firm, travelling, grams, scene.caught("round in a circle", "C28", "WASH_CYCLE"))


def oversold(scene: Scene) -> None:
    """F5 United Kingdom 2003: more notes sold than tonnes recycled."""
    firm, buyer = scene.party("recycler", "GB"), scene.party("manufacturer", "GB")
    scene.permits(firm, 100 * TONNE, "reprocessing")
    lot = scene.stock(firm, 50 * TONNE)
    more = scene.share(50 * TONNE, 1_000_001, 5_000_000)
    scene.sends(firm, buyer, lot, more, scene.caught("sold beyond the balance", "C06", "INSUFFICIENT_BALANCE"))
    # the evidence is refused for the origin first where more is claimed than was ever collected there
    over = scene.caught("claimed beyond the lot", "C07", "DOUBLE_CLAIM", "ORIGIN_UNBACKED", "INSUFFICIENT_BALANCE")
    scene.claims(firm, lot, "epr", more, "GB", over)


def two_registers(scene: Scene) -> None:
    """F10 Poland 2016: proofs that were counted there were traded on."""
    firm = scene.party("recycler", "JP")
    lot = scene.stock(firm, 100 * TONNE)
    scene.claims(firm, lot, "credit", 100 * TONNE, "PL")
    again = scene.caught("counted in Poland, claimed in Austria", "C07", "DOUBLE_CLAIM")
    scene.claims(firm, lot, "credit", scene.tonnes(1, 100), "AT", again)
    counted = scene.stock(firm, 100 * TONNE)
    outside = scene.caught("counted in a register that is not this one", "C32", "RETIREMENT_UNCONFIRMED")
    scene.claims(firm, counted, "credit", scene.tonnes(1, 100), "AT", outside)
