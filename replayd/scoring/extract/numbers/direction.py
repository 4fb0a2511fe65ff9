"""Whether a text says that something rose or fell."""

import re

_UP = (
    r"r(?:ose|isen|ises?|ising)|increas\w*|gr(?:ew|own|ows?|owth)|climbed|went up|higher|gained|doubled"
    r"|gestiegen|stieg\w*|gewachsen|wuchs\w*|zugenommen|erhöht\w*|zunahme|anstieg|augment\w+|progress\w+|hausse|monté\w*"
    r"|crec\w+|aument\w+|sub(?:ió|ieron|ido)|cresc\w+|salit[oaie]|subi(?:u|ram)|toegenomen|gestegen|steeg|stegen"
    r"|öka\w*|stig(?:it|er)|steg|wzr[oó]s\w*|zwiększy\w*|artt\w*|yüksel\w*|вырос\w*|увеличи\w*|повысил\w*"
)
_DOWN = (
    r"fell|fall(?:en|s|ing)?|decreas\w*|declin\w*|dropp?\w*|shr[aiu]nk\w*|went down|lower|lost|halved"
    r"|gefallen|fiel\w*|gesunken|sank\w*|abgenommen|gesenkt|rückgang|abnahme|baiss\w+|diminu\w+|chut\w+|recul\w+"
    r"|ca(?:yó|yeron|ído)|disminu\w+|baj(?:ó|aron|ado)|descend\w+|diminui\w+|calat[oaie]|scesi?|sces[oa]|ca(?:iu|íram)"
    r"|gedaald|daalde\w*|afgenomen|minska\w*|sjunk\w*|sjönk|spad\w+|zmniejszy\w*|azald\w*|düştü\w*|упал\w*|снизил\w*|сократил\w*|уменьши\w*"
)
_SAYS = re.compile(
    rf"\b(?:(?P<up>{_UP})|(?P<down>{_DOWN}))\b|(?P<up2>上昇|増加|増え|伸び|增长|上升|增加|上涨|증가|상승|늘었|늘어|올랐|ارتفع|زاد|बढ़)|(?P<down2>下落|減少|減り|減っ|下が|下降|减少|下跌|감소|하락|줄었|줄어|내렸|انخفض|घट)",
    re.IGNORECASE,
)


def direction(text: str) -> int:
    """Return 1 for a rise, -1 for a fall, 0 where neither or both are said."""
    found = {1 if match["up"] or match["up2"] else -1 for match in _SAYS.finditer(text)}
    return found.pop() if len(found) == 1 else 0
