"""Words for ordinal numbers, English, German and Russian, from `first` to `thirty-first`."""

from typing import Final

ORDINALS: Final = {
    word: number
    for number, words in enumerate(
        (
            "first erste ersten erster первое первого",
            "second zweite zweiten второе второго",
            "third dritte dritten третье третьего",
            "fourth vierte vierten четвёртое четвертое четвёртого",
            "fifth fünfte fünften пятое пятого",
            "sixth sechste sechsten шестое шестого",
            "seventh siebte siebten седьмое седьмого",
            "eighth achte achten восьмое восьмого",
            "ninth neunte neunten девятое девятого",
            "tenth zehnte zehnten десятое десятого",
            "eleventh elfte elften одиннадцатое одиннадцатого",
            "twelfth zwölfte zwölften двенадцатое двенадцатого",
            "thirteenth dreizehnte dreizehnten тринадцатое тринадцатого",
            "fourteenth vierzehnte vierzehnten четырнадцатое четырнадцатого",
            "fifteenth fünfzehnte fünfzehnten пятнадцатое пятнадцатого",
            "sixteenth sechzehnte sechzehnten шестнадцатое шестнадцатого",
            "seventeenth siebzehnte siebzehnten семнадцатое семнадцатого",
            "eighteenth achtzehnte achtzehnten восемнадцатое восемнадцатого",
            "nineteenth neunzehnte neunzehnten девятнадцатое девятнадцатого",
            "twentieth zwanzigste zwanzigsten двадцатое двадцатого",
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
