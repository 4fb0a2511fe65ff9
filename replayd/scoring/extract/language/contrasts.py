"""Pairs of words of which an answer can use only one: `left` and `right`, `most` and `least`.

Beside the opposites of polarity, which turn a yes into a no, these name the other one of
two things, so that an answer which uses the other word speaks of something else.
"""

from collections.abc import Sequence
from typing import Final


def _paired(*pairs: str) -> tuple[tuple[frozenset[str], ...], ...]:
    return tuple(
        tuple(frozenset(side.split()) for side in pair.split(" | ")) for pair in pairs
    )


# Things and sides, of which a text seldom names one to say the other.
_THINGS: Final = _paired(
    "left leftwards links linke linken gauche izquierda izquierdo sinistra esquerda vänster lewo lewy слева влево налево 左 왼쪽 | right rightwards rechts rechte rechten droite derecha derecho destra direita höger prawo prawy справа вправо направо 右 오른쪽",
    "man men male mann männer homme hombre uomo homem мужчина | woman women female frau frauen femme mujer donna mulher женщина",
    "boy boys junge garçon niño chico ragazzo bambino menino garoto jongen pojke chłopiec мальчик | girl girls mädchen fille niña chica ragazza bambina menina garota meisje flicka dziewczynka девочка",
    "gross brutto brut bruto lordo ttc | net netto neto nette nets ht",
    "morning morgens matin mañana mattina manhã | evening afternoon abends soir tarde sera noite",
    "import imports imported importe importiert importation importó | export exports exported exporte exportiert exportation exportó",
    "income einnahmen revenue recettes ingresos | expenses ausgaben expenditure costs dépenses gastos",
    "buyer käufer acheteur comprador | seller verkäufer vendeur vendedor",
    "tenant mieter locataire inquilino | landlord vermieter bailleur propriétaire arrendador",
    "sender absender expéditeur remitente | recipient receiver empfänger destinataire destinatario",
    "debit débit schulden | credit guthaben crédit",
)
_PAIRS: Final = _THINGS + _paired(
    "upwards oben aufwärts haut arriba boven вверх 上 | downwards unten abwärts bas abajo beneden вниз 下",
    "most highest largest biggest maximum max greatest meisten höchste höchsten größte mayor massimo maggiore maior meeste hoogste | least fewest lowest smallest minimum wenigsten niedrigste niedrigsten kleinste menor minimo minore minst laagste",
    "first erste ersten erster premier première primero primera primo prima primeiro eerste första первый | last letzte letzten letzter dernier dernière último última ultimo ultima laatste sista последний",
    "arrive arrives arrived arrival ankunft arrivée arrive llega llegada arrivo | depart departs departed departure leaves abfahrt départ salida partenza",
    "above oberhalb dessus encima sopra acima | below underneath unterhalb dessous debajo sotto abaixo",
    "inside innen dedans dentro | outside außen dehors fuera fuori fora",
    "front vorne vorn devant delante davanti frente | behind hinten hinter derrière detrás dietro atrás",
    "on auf sur sobre sulla sul sui op | under unter sous bajo sotto onder",
    "before vor avant antes prima | after nach après después dopo depois",
    "writing written schriftlich écrit escrito scritto | orally oral verbally mündlich oralement oralmente",
    "with mit avec con com met | without ohne sans sin senza sem zonder",
)


_COLOURS: Final = {
    word: number
    for number, words in enumerate(
        (
            "red rot rote roter rotes roten rouge rouges rojo roja rosso rossa vermelho vermelha rood rode röd rött czerwony czerwona kırmızı красный красная красное 赤 红 红色 赤い 빨간 빨간색",
            "green grün grüne grüner grünes grünen vert verte verts verde verdes groen groene grön grönt zielony zielona yeşil зелёный зеленый зелёная 緑 绿 绿色 초록색",
            "blue blau blaue blauer blaues blauen bleu bleue bleus azul azules blu azzurro blauw blauwe blå blått niebieski niebieska mavi синий синяя 青 蓝 蓝色 青い 파란색",
            "yellow gelb gelbe gelber gelbes gelben jaune jaunes amarillo amarilla giallo gialla amarelo amarela geel gele gul gult żółty żółta sarı жёлтый желтый жёлтая 黄 黄色 노란색",
            "black schwarz schwarze schwarzer schwarzes schwarzen noir noire noirs negro negra nero nera preto preta zwart zwarte svart czarny czarna siyah чёрный черный чёрная 黒 黑 黑色 黒い 검은색",
            "white weiß weiße weißer weißes weißen weiss blanc blanche blancs blanco blanca bianco bianca branco branca wit witte vit vitt biały biała beyaz белый белая 白 白色 白い 흰색",
            "grey gray grau graue grauer graues grauen gris grise grigio grigia cinza grijs grijze grå szary szara gri серый серая 灰色 회색",
            "brown braun braune brauner braunes braunen brun brune marron marrón marrone castanho bruin bruine brązowy kahverengi коричневый 茶色 棕色 갈색",
            "orange orangefarben naranja arancione laranja oranje pomarańczowy turuncu оранжевый オレンジ 橙色 주황색",
            "purple violet lila violett violette morado morada viola roxo roxa paars lilla fioletowy mor фиолетовый 紫 紫色 보라색",
            "pink rosa rose roze różowy pembe розовый ピンク 粉色 분홍색",
        )
    )
    for word in words.split()
}
_SEASONS: Final = {
    word: number
    for number, words in enumerate(
        (
            "spring springtime frühling frühjahr printemps primavera lente voorjaar våren vår wiosna wiosną wiosny jaro jaře весна весной весны весною навесні ilkbahar ilkbaharda",
            "summer summers summertime sommer sommers été estate verano verão zomer sommaren sommar lato latem lata léto létě лето летом лета літо влітку yaz yazın",
            "autumn fall herbst automne autunno otoño outono herfst hösten höst jesień jesienią jesieni podzim podzimu осень осенью осени осінь восени sonbahar sonbaharda",
            "winter winters wintertime hiver inverno invierno vinter vintern zima zimą zimy zimě зима зимой зимы зимою взимку kış kışın",
        )
    )
    for word in words.split()
}
_BOTH_WAYS: Final = tuple(
    pair for one, other in _PAIRS for pair in ((one, other), (other, one))
)


def contrasted(words: Sequence[str], others: Sequence[str]) -> bool:
    """Whether `words` hold the counterpart of a word of `others` instead of it."""
    known, said = frozenset(others), frozenset(words)
    return any(
        not known.isdisjoint(near)
        and not said.isdisjoint(far)
        and known.isdisjoint(far)
        and said.isdisjoint(near)
        for near, far in _BOTH_WAYS
    )


def adds_counterpart(words: Sequence[str], others: Sequence[str]) -> bool:
    """Whether `words` hold a word of `others` and its counterpart beside it."""
    known, said = frozenset(others), frozenset(words)
    return any(
        not known.isdisjoint(near)
        and known.isdisjoint(far)
        and not said.isdisjoint(near)
        and not said.isdisjoint(far)
        for near, far in _BOTH_WAYS
    )


def other_colour(words: Sequence[str], others: Sequence[str]) -> bool:
    """Whether `words` name colours, and none of those that `others` name."""
    named, wanted = _colours(words), _colours(others)
    return bool(named and wanted) and named.isdisjoint(wanted)


def _colours(words: Sequence[str]) -> set[int]:
    return {_COLOURS[word] for word in words if word in _COLOURS}


def another_of_its_kind(
    words: Sequence[str], others: Sequence[str], asked: Sequence[str]
) -> str:
    """Return a thing that `words` name instead of one that `others` name, else "".

    What was `asked` may be named, too.
    """
    for kind in (_COLOURS, _SEASONS):
        said, wanted, known = (
            {kind[word] for word in each if word in kind}
            for each in (words, others, asked)
        )
        if said - wanted - known and wanted - said:
            return _named(words, kind, said - wanted - known)
    said_words, known_words = frozenset(words), frozenset((*others, *asked))
    for pair in _THINGS:
        for near, far in (pair, pair[::-1]):
            if (
                not near.isdisjoint(others)
                and near.isdisjoint(said_words)
                and far.isdisjoint(known_words)
                and not far.isdisjoint(said_words)
            ):
                return next(word for word in words if word in far)
    return ""


def _named(words: Sequence[str], kind: dict[str, int], which: set[int]) -> str:
    return next(word for word in words if kind.get(word) in which)
