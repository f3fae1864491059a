"""Asks that belong everywhere, and texts that belong nowhere: none of them may be a training row."""

# ruff: noqa: RUF001 - asks in other scripts are the point

from __future__ import annotations

import base64
import random
from collections.abc import Iterator

ENGLISH: tuple[str, ...] = (
    *("Hi there!", "Hello, how are you today?", "Good afternoon", "Hey, quick question", "Thank you so much!"),
    *("Sounds good, thanks.", "Are you there", "Can you help me with something?", "Nice to meet you", "Good night!"),
    *("What is the capital of France?", "What is the capital of Australia?", "Who painted the Mona Lisa?"),
    *("What is the boiling point of water?", "Who was the first person on the moon?", "How far away is the sun?"),
    *("What is the speed of light?", "Which is the longest river in the world?", "How many legs does a spider have?"),
    *("What does DNA stand for?", "When was the Eiffel Tower built?", "What is the square root of 144?"),
    *("What is 15% of 80?", "Convert 10 miles to kilometers.", "How many minutes are in a day?"),
    *("What is the opposite of 'generous'?", "How do you spell necessary?", "What rhymes with orange?"),
    *("Translate 'good morning' into Spanish.", "Give me a synonym for happy.", "Define photosynthesis."),
    *("What time is it in New York?", "What's the weather like tomorrow?", "Set a timer for ten minutes."),
    *("Remind me to call Mom at 6.", "Tell me a joke", "Write a short poem about autumn.", "Sing me a song"),
    *("How do I boil an egg?", "What can I cook with rice and eggs?", "How long do I bake a potato?"),
    *("Suggest a name for my cat.", "Recommend a good book.", "What should I watch tonight?"),
    *("Write a birthday message for my sister.", "Fix the grammar: he go to school yesterday", "Summarize this text."),
    *("How do I tie a tie?", "How do I remove a red wine stain?", "Is it safe to eat raw cookie dough?"),
    *("Why is the sky blue?", "What causes rainbows?", "Explain gravity to a five-year-old."),
    *("What is machine learning?", "What is a mortgage?", "What is inflation?", "How does a refrigerator work?"),
    *("Who is the president of Brazil?", "Who wrote Pride and Prejudice?", "Which ocean is the largest?"),
    *("What is the plural of mouse?", "What year did World War II end?", "How old is the Earth?"),
    *("What is the meaning of 'serendipity'?", "What are the primary colors?", "What language do they speak in Iran?"),
    *("Is a tomato a fruit or a vegetable?", "What's a good password?", "How do I restart my phone?"),
)
"""Plain everyday asks in English, greetings among them."""

OTHER: tuple[str, ...] = (
    *("Guten Tag!", "Was ist die Hauptstadt von Frankreich?", "Wie spät ist es in Tokio?"),
    *("Bonjour, comment ça va ?", "Quelle est la capitale de l'Italie ?", "Raconte-moi une blague."),
    *("Buenos días", "¿Cuál es la capital de Portugal?", "¿Quién pintó Las Meninas?"),
    *("Buongiorno!", "Qual è la capitale della Grecia?", "Come si cuoce il riso?"),
    *("Bom dia, tudo bem?", "Qual é a capital da Argentina?", "Quantos dias tem um ano?"),
    *("Goedemorgen", "Wat is de hoofdstad van België?", "Hoe laat is het?"),
    *("Dzień dobry!", "Jaka jest stolica Niemiec?", "Kto napisał Pana Tadeusza?"),
    *("Здравствуйте!", "Какая столица Японии?", "Кто написал «Войну и мир»?"),
    *("你好！", "法国的首都是哪里？", "一年有多少天？"),
    *("こんにちは", "フランスの首都はどこですか？", "空はなぜ青いのですか？"),
    *("مرحبا", "ما هي عاصمة فرنسا؟", "كم عدد أيام السنة؟"),
    *("नमस्ते", "भारत की राजधानी क्या है?", "आसमान नीला क्यों है?"),
)
"""The same in twelve other languages, three of each."""

_ALPHABETS: tuple[str, ...] = (
    "abcdefghijklmnopqrstuvwxyz",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
    "0123456789abcdef",
    "!#$%&()*+,-./:;<=>?@[]^_{|}~",
    "абвгдежзийклмнопрстуфхцчшщъыьэюя",
    "αβγδεζηθικλμνξοπρστυφχψω",
    "אבגדהוזחטיכלמנסעפצקרשת",
    "ابتثجحخدذرزسشصضطظعغفقكلمنهوي",
    "कखगघचछजझटठडढतथदधनपफबभमयरलवशषसह",
    "".join(map(chr, range(0x4E00, 0x9FA5))),
    "".join(map(chr, range(0xAC00, 0xD7A4))),
    "".join(map(chr, range(0x1400, 0x1676))),  # Canadian syllabics
    "".join(map(chr, range(0x13A0, 0x13F5))),  # Cherokee
    "".join(map(chr, range(0x2800, 0x2900))),  # Braille
)


def gibberish(seed: int) -> Iterator[str]:
    """62 texts that mean nothing, of 40 to 1,500 characters: letters of 14 alphabets, base64, dumps, digits."""
    rng = random.Random(seed)
    for alphabet in _ALPHABETS:
        for n_words, longest in ((6, 12), (30, 12), (3, 60)):
            yield " ".join("".join(rng.choices(alphabet, k=rng.randint(longest // 3, longest))) for _ in range(n_words))
    for n_bytes in (40, 80, 160, 320, 640, 1_000):
        data = rng.randbytes(n_bytes)
        yield base64.b64encode(data).decode()
        yield "\n".join(f"{at:08x}  {data[at : at + 16].hex(' ')}" for at in range(0, n_bytes, 16))
    for n_numbers in (10, 40, 120, 240):
        yield " ".join(str(rng.randint(0, 10**9)) for _ in range(n_numbers))
        yield ",".join(f"{rng.gauss(0, 100):.6f}" for _ in range(n_numbers))
