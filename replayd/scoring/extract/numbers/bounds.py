"""Whether a text bounds its value from above or below: `up to 36 hours`, `at least 3`."""

import re

_FROM_ABOVE = (
    r"up to|at most|no more than|not more than|maximum|max|less than|fewer than|under|within|bis zu|höchstens|maximal|weniger als|unter"
    r"|jusqu['’]à|au plus|au maximum|moins de|hasta|como máximo|a lo sumo|menos de|fino a|al massimo|al più|meno di|até|no máximo"
    r"|tot|maximaal|hoogstens|minder dan|upp till|högst|max|mindre än|do|maksymalnie|najwyżej|mniej niż|do|nejvýše|maximálně"
    r"|до|не более|максимум|не больше|менее|en fazla|en çok|hingga|maksimal|paling banyak|tối đa|kurang dari"
)
_FROM_BELOW = (
    r"at least|no less than|not less than|minimum|min|more than|over|mindestens|minimal|mehr als|wenigstens"
    r"|au moins|au minimum|plus de|al menos|como mínimo|más de|por lo menos|almeno|come minimo|più di|pelo menos|no mínimo|mais de"
    r"|minstens|minimaal|ten minste|meer dan|minst|åtminstone|mer än|co najmniej|przynajmniej|minimum|więcej niż|alespoň|nejméně|minimálně"
    r"|не менее|минимум|более|не меньше|свыше|en az|setidaknya|minimal|paling sedikit|tối thiểu|ít nhất|lebih dari"
)
_BOUND = re.compile(
    rf"(?<!\w)(?:(?P<above>{_FROM_ABOVE})|(?P<below>{_FROM_BELOW}))\.?:?\s(?=\W{{0,3}}\d)"
    r"|\d[\w,. %€$£]{0,12}?\s?(?:(?P<above2>max(?:imum|imal)?|or less|or fewer|at most|以下|以内|이하|이내)|(?P<below2>min(?:imum)?|or more|at least|以上|이상))(?![^\W\d_a-z]|[a-z])"
    r"|(?P<above3>最多|至多|不超过|最大|최대)|(?P<below3>至少|最少|不少于|最低|최소|少なくとも)",
    re.IGNORECASE,
)


def bounds(text: str) -> int:
    """Return -1 for a bound from above, 1 from below, 0 for neither or both."""
    found = {
        -1 if match["above"] or match["above2"] or match["above3"] else 1
        for match in _BOUND.finditer(text)
    }
    return found.pop() if len(found) == 1 else 0
