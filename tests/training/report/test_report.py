"""The report says what the evaluation says, leaves out what is not there, and is the same bytes each time."""

import html
import json
import re
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from router.errors import DataError, MissingExtra
from router.pages.numbers import percent
from training.report import model_card, weakest_slices, write_report
from training.report.__main__ import main
from training.report.evaluation import loss_of, promise_sentence, tiers_of
from training.report.figures import all_figures, cost_quality
from training.report.page import page
from training.rows.licences import MODEL_LICENCES
from training.shipping.readme import readme_table, stale_lines, update_readme
from training.thresholds.bounds import wilson_interval

ROOT = Path(__file__).parents[3]
FIXTURES = ROOT / "tests" / "fixtures" / "evaluation"
NAMES = ["cost_quality", "price_curve", "reliability", "tier_mix", "confusion", "slices", "forms"]
OPTIONAL = (
    *("advantages", "command", "cross_validation", "curves", "data", "gate", "heads", "out_of_domain", "policies"),
    *("promise", "robustness", "seeds", "slices", "sources", "summary", "test", "threshold", "tiers", "versions"),
)
FACTS = {
    "name": "default",
    "tiers": ["budget", "production", "frontier"],
    "encoder": {"kind": "static", "dim": 256, "model_id": "some/encoder"},
    "training": {
        "sources": {"mmlu_pro": {"rows": 12032, "licence": "Apache-2.0"}, "coding": {"rows": 320, "licence": "MIT"}},
        "rows": {"fit": 23375, "calibrate": 7849, "test": 7817},
        "split_rule": "by group",
        "near_duplicates": 12,
    },
}
DRAWN = {
    "curves",
    "heads",
    "policies",
    "robustness",
    "slices",
    "sources",
    "test",
    "threshold",
    "tiers",
}  # what figures read
VOID = {"meta", "br", "link"}


def read(name):
    return json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture
def full():
    return read("full")


@pytest.fixture
def small():
    return read("small")


class Page(HTMLParser):
    """Checks that tags close in order; collects tags, attributes and the words outside of style."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.attributes, self.words, self.prose = [], [], [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)
            if "svg" not in self.open:
                self.prose += data.split()

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


def page_of(evaluation):
    return page(evaluation, all_figures(evaluation))


@pytest.fixture(scope="module")
def page_of_full():
    return page_of(read("full"))


@pytest.fixture
def short(full):
    """All parts, with less in each: quick to draw."""
    full["sources"] = {name: full["sources"][name] for name in ("coding", "mmlu_pro", "routellm_gsm8k")}
    full["slices"] = {"trap": full["slices"]["trap"]}
    return full


# --- Estimates --------------------------------------------------------------------------------------------------------


def test_tiers_are_ordered_by_what_always_using_them_costs(full):
    del full["tiers"]
    assert tiers_of(json.loads(json.dumps(full, sort_keys=True))) == ("budget", "production", "frontier")


def test_wilson_matches_the_published_example():
    low, high = wilson_interval(8, 10)  # as in Brown, Cai, DasGupta 2001
    assert (round(low, 3), round(high, 3)) == (0.49, 0.943)


def test_no_loss_in_few_rows_is_not_certainty():
    assert loss_of({"n": 20, "quality_loss": {"point": 0.0, "low": 0.0, "high": 0.0}}).high == pytest.approx(
        0.161, abs=1e-3
    )


def test_an_interval_in_a_field_of_its_own_is_found():
    loss = loss_of({"n": 9, "under_routing": 0.1, "under_routing_interval": [0.02, 0.3]})
    assert (loss.point, loss.low, loss.high) == (0.1, 0.02, 0.3)


def test_the_promise_is_one_sentence_with_number_confidence_and_n(full):
    assert promise_sentence(full) == (
        "At most 5.0% of requests lose quality by being sent to a cheaper tier, 90% sure, "
        "for requests like the 563 groups of rows that it was chosen on (upper bound there: 4.9%)."
    )


LIKE = "90% sure, for requests like the 563 groups of rows that it was chosen on"


@pytest.mark.parametrize(
    ("goal", "target", "bound", "expected"),
    [
        (
            *("max_quality_loss", 0.05, 0.0493),
            f"At most 5.0% of requests lose quality by being sent to a cheaper tier, {LIKE} (upper bound there: 4.9%).",
        ),
        (
            *("max_cost_usd_per_1k", 5.0, 4.8731),
            f"1,000 requests cost at most $5.00 on average, {LIKE} (upper bound there: $4.87).",
        ),
        (
            *("max_cost_usd_per_1k", 0.05, None),
            f"1,000 requests cost at most $0.05 on average, {LIKE}.",
        ),
        (
            *("tier_mix", {"production": 0.4, "frontier": 0.1}, {"production": 0.38, "frontier": 0.0985}),
            f"Of all requests go at most 10.0% to frontier and 40.0% to production, {LIKE} "
            "(upper bound there: 9.8% to frontier and 38.0% to production).",
        ),
    ],
    ids=["loss", "cost", "cost unbounded", "mix"],
)
def test_a_promise_is_stated_in_the_words_of_its_goal(full, goal, target, bound, expected):
    full["promise"].update(goal=goal, target=target, bound=bound)
    assert promise_sentence(full) == expected


@pytest.mark.parametrize("goal", ["max_quality_loss", "max_cost_usd_per_1k", "tier_mix"])
def test_a_promise_without_its_number_is_none(goal):
    assert promise_sentence({"promise": {"goal": goal, "target": None, "confidence": 0.9, "n": 9}}) is None


# --- The same words as ever -------------------------------------------------------------------------------------------


def words_of(fixture):
    return (FIXTURES / fixture).read_text(encoding="utf-8").split()


@pytest.mark.parametrize("name", ["full", "small"])
def test_the_card_of_an_evaluation_is_the_one_on_record(name):
    assert model_card(read(name), FACTS).split() == words_of(f"{name}.card.md")


def test_the_page_of_an_evaluation_is_the_one_on_record(page_of_full, small):
    assert Page(page_of_full).prose == words_of("full.page.txt")
    assert Page(page_of(small)).prose == words_of("small.page.txt")


@pytest.mark.parametrize("name", ["default", "fast"])
def test_the_card_of_a_shipped_bundle_is_made_from_its_evaluation(name):
    folder = ROOT / "models" / name
    evaluation, manifest = (json.loads((folder / f"{part}.json").read_bytes()) for part in ("evaluation", "manifest"))
    shipped = (folder / "MODEL_CARD.md").read_text(encoding="utf-8")
    # Intervals aside: the shipped ones were computed from rates that were rounded to four digits.
    made = model_card(evaluation, {**manifest, "name": name})
    assert re.sub(r" \[[^]]*\]", "", made) == re.sub(r" \[[^]]*\]", "", shipped)


# --- Files ------------------------------------------------------------------------------------------------------------


def test_the_same_evaluation_gives_the_same_bytes(short, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        write_report(short, folder)
    files = sorted(path.relative_to(first) for path in first.rglob("*") if path.is_file())
    assert [path.as_posix() for path in files] == sorted(
        ["report.html", *(f"figures/{name}.{kind}" for name in NAMES for kind in ("png", "svg"))]
    )
    for path in files:
        assert (first / path).read_bytes() == (second / path).read_bytes(), path


def test_writing_again_replaces_what_was_there(short, small, tmp_path):
    write_report(short, tmp_path)
    write_report(small, tmp_path)
    assert "mine-fedcba987654" in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert not (tmp_path / "figures" / "confusion.png").exists()


def test_the_command_writes_the_report_of_a_file(small, tmp_path, capsys):
    path, out = tmp_path / "evaluation.json", tmp_path / "report"
    path.write_text(json.dumps(small), encoding="utf-8")
    assert main([str(path), "--out", str(out)]) == 0
    assert (out / "report.html").is_file() and (out / "figures" / "cost_quality.svg").is_file()
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("content", "error"), [(None, "No such file"), ("[]", "expected a JSON object"), ("{", "expected JSON")]
)
def test_the_command_names_a_file_that_is_not_an_evaluation(content, error, tmp_path, capsys):
    path = tmp_path / "evaluation.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    assert main([str(path), "--out", str(tmp_path / "report")]) == 1
    message = capsys.readouterr().err
    assert error in message and str(path) in message and message.count("\n") == 1


def test_without_matplotlib_the_extra_is_named(small, tmp_path, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("training.report.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtra, match=r"tierwise\[train\]"):
        write_report(small, tmp_path)


def test_nothing_of_the_evaluation_is_changed(short, tmp_path):
    before = json.dumps(short)
    write_report(short, tmp_path)
    model_card(short, FACTS)
    assert json.dumps(short) == before


# --- Figures ----------------------------------------------------------------------------------------------------------


def test_every_figure_has_words_with_n(full):
    figures = all_figures(full)
    assert [figure.name for figure in figures] == NAMES
    for figure in figures:
        assert figure.title and "rows" in figure.caption


def test_drawings_carry_no_date_and_no_version(full):
    for figure in all_figures(full):
        assert not re.search(rb"<metadata|dc:date|matplotlib\.org|Matplotlib v", figure.svg)
        assert figure.png.startswith(b"\x89PNG") and b"Software" not in figure.png


def test_the_curve_names_every_policy_it_shows(full):
    svg = cost_quality(full).svg.decode()
    shown = (
        "router",
        "oracle",
        "length rule",
        "surface signals only",
        "kNN, same embeddings",
        "shuffled",
        "random mix",
    )
    for name in (*shown, "always budget", "always production", "always frontier", "USD per 1,000 requests"):
        assert name in svg, name


def test_a_curve_with_unknown_points_is_drawn_from_the_others(full):
    full["curves"]["router"]["quality"][3] = None
    full["curves"]["router_band"]["low"][5] = None
    assert cost_quality(full) is not None


def test_an_evaluation_with_fewer_parts_has_fewer_figures(small):
    assert {figure.name for figure in all_figures(small)} == {"cost_quality", "reliability", "slices"}


@pytest.mark.parametrize("name", ["<b>&amp;", "$x^2$ costs $5", "日本語", "a" * 80, "% s {0}"])
def test_any_name_can_be_drawn(short, name):
    short["slices"] = {name: {name: {"n": 30, "quality_loss": 0.1}}}
    short["sources"] = {name: short["sources"]["coding"]}
    text = page_of(short)
    Page(text)
    assert "<b>&amp;</" not in text, "a name is text, never markup"
    assert text.rstrip().endswith("</html>")


# --- Page -------------------------------------------------------------------------------------------------------------


def test_the_page_needs_nothing_else(page_of_full):
    text = page_of_full
    parsed = Page(text)
    assert not {"script", "link", "img", "iframe", "object"} & set(parsed.tags)
    references = [value for key, value in parsed.attributes if key in {"src", "href", "xlink:href"}]
    assert all(value.startswith("#") for value in references)
    assert "@import" not in text and not re.search(r"url\((?!#)", text)
    assert not [key for key, _ in parsed.attributes if key.startswith("on")]


def test_references_within_the_page_resolve_and_ids_are_unique(page_of_full):
    parsed = Page(page_of_full)
    ids = [value for key, value in parsed.attributes if key == "id"]
    assert len(ids) == len(set(ids))
    text = page_of_full
    used = set(re.findall(r"url\(#([^)]+)\)", text)) | set(re.findall(r'href="#([^"]+)"', text))
    assert used <= set(ids)


def test_the_page_serves_light_dark_phone_and_paper(page_of_full):
    text = page_of_full
    for wanted in ("prefers-color-scheme: dark", "@media print", "max-width: 40rem", 'name="viewport"'):
        assert wanted in text
    used = set(re.findall(r"var\((--\w+)\)", text))
    assert used and all(f"{name}:" in text for name in used)


def test_the_page_states_the_verdict_the_promise_and_the_measures(full, page_of_full):
    text = Page(page_of_full).text
    router = full["policies"]["router"]
    assert "Gate passed. The router beats the best fixed tier" in text
    assert promise_sentence(full) in text
    for value in (f"{router['saved']['point']:.1%}", "31.2%", "43.1%", "0.742", "85.6%", "593 test rows in 512 groups"):
        assert value in text, value
    assert full["command"] in text


def test_a_failed_gate_comes_first(small):
    text = Page(page_of(small)).text
    assert "Gate not passed. The advantage over the shuffle" in text and "use tier dear" in text
    assert text.index("Gate not passed") < text.index("Promise")


def test_whatever_comes_from_outside_is_escaped(short):
    evil = '<script>alert("x")</script>&\'"'
    short |= {"bundle": evil, "command": evil, "versions": {evil: evil}, "data": {evil: {"rows": 1, "sha256": evil}}}
    short["gate"]["sentence"] = evil
    short["gate"]["checks"][0]["name"] = evil
    short["slices"][evil] = {evil: {"n": 50, "quality_loss": 0.5}}
    short["sources"] = {evil: short["sources"]["coding"]}
    short["robustness"]["perturbations"] = {evil: {"n": 3, "unchanged": 1.0}}
    short["out_of_domain"]["sources"] = {evil: {evil: 0.5}}
    short["cross_validation"] = {evil: [evil]}
    text = page_of(short)
    assert "<script" not in text
    assert evil in html.unescape(text)
    Page(text)


@pytest.mark.parametrize("part", OPTIONAL)
def test_any_part_may_be_missing(short, part):
    del short[part]
    Page(page(short, all_figures(short) if part in DRAWN else []))
    assert model_card(short, FACTS).startswith("# default\n")
    assert readme_table({"default": short})


@pytest.mark.parametrize("value", [None, {}], ids=["null", "empty"])
def test_every_part_may_be_empty(value):
    empty = {"schema_version": 2, **dict.fromkeys(OPTIONAL, value)}
    assert all_figures(empty) == []
    Page(page(empty, []))
    assert model_card(empty, {}).startswith("# ")


@pytest.mark.parametrize("part", OPTIONAL)
@pytest.mark.parametrize("value", [None, {}], ids=["null", "empty"])
def test_any_part_may_be_empty(small, part, value):
    small[part] = value
    Page(page(small, []))
    assert model_card(small, {}).startswith("# ")


def test_an_evaluation_with_nothing_in_it_still_makes_a_page():
    assert "<h1>bundle</h1>" in page_of({"schema_version": 2})


def test_any_number_may_be_null(short):
    text = json.dumps(short)
    nulled = json.loads(re.sub(r'("(?:point|low|high|auc|quality_loss|saved|ece|rate)": )[-\d.]+', r"\1null", text))
    nulled["heads"] = short["heads"]
    Page(page_of(nulled))
    assert "None" not in model_card(nulled, FACTS)


# --- Card -------------------------------------------------------------------------------------------------------------


def test_the_card_names_the_licence_of_the_encoders_model_where_it_is_known(full):
    assert "from some/encoder.\n" in model_card(full, FACTS)
    for model_id, licence in MODEL_LICENCES.items():
        named = model_card(full, {**FACTS, "encoder": {"kind": "static", "dim": 256, "model_id": model_id}})
        assert f"256 dimensions, from {model_id} ({licence}).\n" in named


def test_the_card_has_every_section_in_order(full):
    card = model_card(full, FACTS)
    assert re.findall(r"^## (.*)$", card, flags=re.MULTILINE) == [
        "Promise",
        "Gate",
        "Measured on test rows",
        "Robustness",
        "Out of domain",
        "Where it is weak",
        "Learned from",
        "Use it on your own traffic",
    ]
    assert full["gate"]["sentence"] in card and promise_sentence(full) in card
    assert "Retraining on your own traffic is the point." in card
    assert "| mmlu_pro | 12,032 | Apache-2.0 |" in card
    assert "n = 593 test rows in 512 groups" in card


def test_the_card_says_the_promise_by_slice_where_it_was_stated_so(full):
    assert "By slice" not in model_card(full, FACTS)
    full["promise"]["slices"] = [
        {"by": "lang", "value": "de", "n": 61, "loss": 0.0164, "bound": 0.0841, "smallest_target": 0.0509}
    ]
    part = model_card(full, FACTS).split("## Promise")[1].split("## Gate")[0]
    assert "all these upper bounds hold together, 90% sure" in part
    assert "| language de | 61 | 1.6% | 8.4% | 5.1% |" in part


BROKEN = {
    "goal": "max_quality_loss",
    "slices": [
        {"by": "source", "value": "traps", "n": 320, "loss": 0.091, "bound": 0.12, "smallest_target": 0.06},
        {"by": "lang", "value": "de", "n": 61, "loss": 0.0164, "bound": 0.0841, "smallest_target": 0.0509},
        {"by": "source", "value": "messy", "n": 300, "loss": 0.101, "bound": 0.13, "smallest_target": 0.07},
    ],
}
NAMED = "source messy (10.1% lost, upper bound 13.0%, n = 300); source traps (9.1% lost, upper bound 12.0%, n = 320)"


def test_parts_that_lose_more_than_promised_are_named_on_card_page_and_readme_worst_first(full, small):
    full["promise"].update(BROKEN)
    assert f"{NAMED}." in model_card(full, FACTS).split("## Promise")[1].split("By slice")[0]
    assert f"{NAMED}." in page_of(full)
    table = readme_table({"one": full, "other": small})
    assert "do not hold of these parts alone" in table
    assert "`one` messy 10.1% (300), traps 9.1% (320)." in table
    assert "`other`" not in table
    full["promise"]["goal"] = "tier_mix"
    assert "does not hold" not in model_card(full, FACTS)


@pytest.mark.parametrize(
    ("mode", "words"), [("cross_fit", "no finite-sample theorem"), ("parted", "a finite-sample theorem")]
)
def test_how_the_promise_was_made_and_what_the_rows_are_is_said_beside_the_numbers(full, mode, words):
    full["held_out"] = {"mode": mode, "words": "Scored by heads that had not seen them."}
    facts = {
        **FACTS,
        "training": {**FACTS["training"], "held_out": {"mode": mode, "fits": 6, "folds": 5, "folds_by": "group"}},
    }
    card = model_card(full, facts)
    assert words in card.split("## Promise")[1].split("## Gate")[0]
    assert "Scored by heads that had not seen them." in card
    assert "nothing was fitted or chosen" not in card
    assert ("fitted 6 times (5 folds by group, and once on all rows)" in card) is (mode == "cross_fit")
    assert "Scored by heads that had not seen them." in page_of(full)


def test_the_card_says_how_many_rows_costs_are_the_requests_own(full):
    for n_own in (0, None):
        full["test"]["n_own_costs"] = n_own
        assert "Costs are" not in model_card(full, FACTS)
    full["test"]["n_own_costs"] = 120
    assert "Costs are the requests' own on 120 of 593 test rows" in model_card(full, FACTS)


def test_numbers_of_the_card_are_the_evaluations(full):
    card = model_card(full, FACTS)
    for policy in full["policies"].values():
        assert percent(policy["saved"]) in card
    for name, facts in full["sources"].items():
        line = next(line for line in card.splitlines() if line.startswith(f"| {name} | {facts['n']:,} |"))
        assert f"{facts['heads']['budget']['auc']:.3f}" in line


def test_the_card_names_the_worst_slices_with_their_numbers(full):
    card = model_card(full, FACTS)
    assert [(kind, value) for kind, value, _ in weakest_slices(full)][:2] == [
        ("trap", "polite_but_hard"),
        ("source", "surface_traps"),
    ]
    for _, value, facts in weakest_slices(full):
        assert facts["n"] >= 20
        loss = f"{facts['quality_loss']['point']:.1%}"
        assert re.search(rf"^- \w+ {value.replace('_', ' ')}: {re.escape(loss)}.*n = {facts['n']}\)", card, re.M)


def test_a_slice_of_few_rows_is_not_called_a_weakness(full):
    assert all(facts["n"] >= 20 for _, _, facts in weakest_slices(full))
    full["slices"] = {"lang": {"xx": {"n": 3, "quality_loss": 1.0}}}
    assert weakest_slices(full) == []
    assert "No slice of 20 rows or more" in model_card(full, FACTS)


def test_sources_on_which_the_heads_are_blind_are_named(full):
    assert "routellm_gsm8k (budget 0.595)" in model_card(full, FACTS)


def test_markdown_tables_are_whole(full):
    full["sources"]["a|b\nc"] = full["sources"]["coding"]
    for table in re.findall(r"(?:^\|.*\|\n)+", model_card(full, FACTS), flags=re.MULTILINE):
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}
        assert len(widths) == 1, table


# --- README -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def readme(full, small):
    table = readme_table({"default": full, "fast": small})
    return f"# Title\n\nBefore.\n\n{table}\n\nAfter.\n"


def test_the_table_is_between_its_markers_and_replaces_itself(full, small, readme):
    again = update_readme(readme, readme_table({"default": full, "fast": small}))
    assert again == readme
    assert readme.startswith("# Title\n\nBefore.\n\n<!-- results -->\n| on test rows | default | fast |\n")
    assert readme.endswith("<!-- /results -->\n\nAfter.\n")


def test_a_readme_that_agrees_has_no_stale_line(full, small, readme):
    assert stale_lines(readme, {"default": full, "fast": small}) == []


def test_a_number_that_no_longer_holds_is_named(full, small, readme):
    full["policies"]["router"]["saved"]["point"] = 0.444
    (line,) = stale_lines(readme, {"default": full, "fast": small})
    assert "saved as shipped" in line and "44.4%" in line


def test_a_measure_that_no_bundle_has_gets_no_row(small):
    table = readme_table({"mine": small})
    assert "everyday" not in table and "files left out" not in table and "saved as shipped | 21.0%" in table


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<!-- results -->",
        "<!-- /results --> <!-- results -->",
        "<!-- results --><!-- /results --><!-- /results -->",
    ],
)
def test_a_readme_without_its_markers_is_refused(text):
    with pytest.raises(DataError, match="once each and in this order"):
        update_readme(text, "table")


def test_the_card_compares_the_task_head_with_keywords(full):
    own = {"chat": 0.9, "code": 0.4, "math": 0.6}
    tasks = {"n": 120, "macro_f1": 0.6333, "accuracy": 0.7, "f1": own, "keywords": {"macro_f1": 0.25}}
    card = model_card({**full, "tasks": tasks}, {})
    assert "macro F1 is 0.633 and 70.0% of its names are right" in card
    assert "a keyword list made from the same rows reaches 0.250" in card
    assert "## Task" not in model_card({**full, "tasks": None}, {})
