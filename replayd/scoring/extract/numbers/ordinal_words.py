"""Words for ordinal numbers, English and German, from `first` to `thirty-first`."""

from typing import Final

ORDINALS: Final = {
    word: number
    for number, words in enumerate(
        (
            "first erste ersten erster",
            "second zweite zweiten",
            "third dritte dritten",
            "fourth vierte vierten",
            "fifth fünfte fünften",
            "sixth sechste sechsten",
            "seventh siebte siebten",
            "eighth achte achten",
            "ninth neunte neunten",
            "tenth zehnte zehnten",
            "eleventh elfte elften",
            "twelfth zwölfte zwölften",
            "thirteenth dreizehnte dreizehnten",
            "fourteenth vierzehnte vierzehnten",
            "fifteenth fünfzehnte fünfzehnten",
            "sixteenth sechzehnte sechzehnten",
            "seventeenth siebzehnte siebzehnten",
            "eighteenth achtzehnte achtzehnten",
            "nineteenth neunzehnte neunzehnten",
            "twentieth zwanzigste zwanzigsten",
            "twenty-first einundzwanzigste einundzwanzigsten",
            "twenty-second zweiundzwanzigste zweiundzwanzigsten",
            "twenty-third dreiundzwanzigste dreiundzwanzigsten",
            "twenty-fourth vierundzwanzigste vierundzwanzigsten",
            "twenty-fifth fünfundzwanzigste fünfundzwanzigsten",
            "twenty-sixth sechsundzwanzigste sechsundzwanzigsten",
            "twenty-seventh siebenundzwanzigste siebenundzwanzigsten",
            "twenty-eighth achtundzwanzigste achtundzwanzigsten",
            "twenty-ninth neunundzwanzigste neunundzwanzigsten",
            "thirtieth dreißigste dreißigsten",
            "thirty-first einunddreißigste einunddreißigsten",
        ),
        start=1,
    )
    for word in words.split()
}
