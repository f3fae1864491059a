"""Rules in a file: what they become, and each that cannot mean what it says, refused with its line."""

from __future__ import annotations

import re

import pytest

from router.errors import ConfigError
from router.policy import Conditions, Limits
from router.settings import check_task_names, load_settings
from tests.router.policy.parts import facts


@pytest.fixture
def rules_of(tmp_path):
    def rules_of(text):
        path = tmp_path / "tierwise.toml"
        path.write_text(text, encoding="utf-8")
        return load_settings({}, config=path).rules

    return rules_of


@pytest.fixture
def refused(rules_of):
    def refused(text) -> str:
        with pytest.raises(ConfigError) as caught:
            rules_of(text)
        message = str(caught.value)
        assert "\n" not in message
        return re.sub(r"\S*tierwise\.toml", "t.toml", message)

    return refused


TWO_LINES = """rules = [
  { task = "code_review", tier = "frontier" },
  { task = "status_update", tier = "budget" },
]
"""


def test_two_rules_are_two_lines(rules_of):
    rules = rules_of(TWO_LINES)
    assert [(rule.conditions, rule.limits) for rule in rules] == [
        (Conditions(task=("code_review",)), Limits(tier="frontier")),
        (Conditions(task=("status_update",)), Limits(tier="budget")),
    ]
    assert [rule.where.rpartition(":")[2] for rule in rules] == ["2", "3"]


def test_a_table_a_rule_works_as_well_and_takes_every_condition(rules_of):
    (rule,) = rules_of(
        """
[[rules]]
name = "all of them"
task = ["a", "b"]
min_probability = 0.7
turn = ["user", "tool_result"]
dialect = "anthropic"
agent = "main"
audience = "customer"
language = ["de", "en"]
model = "auto"
regex = "(?i)deploy"
has_images = false
has_tools = true
header = { X-Team = "a", x-any = "*" }
metadata = { user = ["u", "v"] }
floor = "production"
policy = "careful"
"""
    )
    said = rule.conditions
    assert (said.task, said.min_probability) == (("a", "b"), 0.7)
    assert (said.turn, said.dialect, said.agent) == (("user", "tool_result"), ("anthropic",), ("main",))
    assert (said.audience, said.language, said.model) == (("customer",), ("de", "en"), ("auto",))
    assert (said.has_images, said.has_tools) == (False, True)
    assert (said.header, said.metadata) == ({"x-team": ("a",), "x-any": ("*",)}, {"user": ("u", "v")})
    assert [regex.source for regex in said.regex] == ["(?i)deploy"]
    assert (rule.limits, rule.policy, rule.name) == (Limits(floor="production"), "careful", "all of them")


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("(?i)über", "ÜBER", True),
        (r"\bdeploy\b", "please deploy now", True),
        (r"\bdeploy\b", "deployment", False),
        ("^a$", "b\na", False),
        ("(?m)^a$", "b\na", True),
        (".", "\ud800", True),
        ("\u6f22", "\u6f22\u5b57", True),
        ("\x00", "a\x00b", True),
    ],
    ids=ascii,
)
def test_regular_expressions_look_at_the_ask(rules_of, pattern, text, found):
    (rule,) = rules_of(
        f"[[rules]]\nregex = '''{pattern}'''\ntier = 'budget'"
        if "\x00" not in pattern
        else '[[rules]]\nregex = "\\u0000"\ntier = "budget"'
    )
    assert rule.conditions.hold(facts(ask=text)) is found


def test_no_regular_expression_takes_more_than_linear_time(rules_of):
    (rule,) = rules_of("[[rules]]\nregex = '^(a+)+$'\ntier = 'budget'")
    # A backtracking engine would try 2**50,000 ways and not return.
    assert not rule.conditions.hold(facts(ask="a" * 50_000 + "b"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        # misspelt
        ("[[rules]]\ntaks = 'a'\ntier = 'budget'", r"t.toml:2: rules\[0\].taks: unknown key; .* Did you mean 'task'\?"),
        (
            f"{TWO_LINES.replace('budget', 'budjet')}",
            r"t.toml:3: rules\[1\].tier: 'budjet' is not a tier; .* Did you mean 'budget'\?",
        ),
        (
            "rules = [{turn = 'titel', tier = 'budget'}]",
            r"t.toml:1: rules\[0\].turn: 'titel' is not a kind of turn; .* 'title'",
        ),
        ("rules = [{dialect = 'openai', tier = 'budget'}]", r"rules\[0\].dialect: 'openai' is not a dialect"),
        ("rules = [{audience = 'customers', tier = 'budget'}]", r"'customers' is not an audience; .* 'customer'\?"),
        (
            "rules = [{language = 'german', tier = 'budget'}]",
            r"'german' is not a language that is recognised; use one of: ",
        ),
        (
            "rules = [{turn = 'user', policy = 'carful'}]",
            r"rules\[0\].policy: 'carful' is not a policy; .* 'careful'\?",
        ),
        # of the wrong kind
        ("rules = 7", r"t.toml:1: rules: expected an array of tables"),
        (
            "rules = [{task = [], tier = 'budget'}]",
            r"rules\[0\].task: expected a string that is not empty, or an array",
        ),
        ("rules = [{has_images = 'yes', tier = 'budget'}]", r"rules\[0\].has_images: expected true or false"),
        ("rules = [{header = 'x', tier = 'budget'}]", r"rules\[0\].header: expected a table"),
        (
            "rules = [{header = {}, tier = 'budget'}]",
            r"rules\[0\].header: expected a table of at least one name with its value",
        ),
        ("rules = [{header = { x = 7 }, tier = 'budget'}]", r"rules\[0\].header.x: expected a string"),
        ("rules = [{task = 'a', min_probability = 2, tier = 'budget'}]", r"min_probability: expected a number in"),
        ("rules = [{min_probability = 0.9, tier = 'budget'}]", r"min_probability: belongs to a task"),
        (
            "rules = [{regex = '(', tier = 'budget'}]",
            r"t.toml:1: rules\[0\].regex: '\(' is not a regular expression of RE2",
        ),
        ("rules = [{regex = '(?=a)', tier = 'budget'}]", r"RE2 has no lookaround"),
        ("rules = [{regex = '(a)\\1', tier = 'budget'}]", r"is not a regular expression of RE2"),
        ("rules = [{header = { X-Api-Key = '*' }, tier = 'budget'}]", r"rules\[0\].header: x-api-key may carry a key"),
        # without an action, or with too many
        ("[[rules]]\ntask = 'a'", r"t.toml:1: rules\[0\]: the rule does not say which tier"),
        ("rules = [{task = 'a', tier = 'budget', floor = 'budget'}]", r"rules\[0\].tier: a tier cannot have a floor"),
        (
            "rules = [{task = 'a', tier = 'budget', policy = 'careful'}]",
            r"rules\[0\].policy: a tier cannot have a policy",
        ),
        # contradictory
        (
            "[[rules]]\nfloor = 'frontier'\nceiling = 'budget'",
            r"t.toml:2: rules\[0\].floor: floor frontier is above ceiling budget",
        ),
        (
            "rules = [\n{task = 'a', tier = 'budget'},\n{task = 'a', tier = 'frontier'}]",
            r"t.toml:3: rules\[1\]: the rule contradicts t.toml:2: on task a, one says tier budget, the ",
        ),
        (
            "rules = [{task = 'a', tier = 'frontier'}]\n[policies.auto]\nceiling = 'production'",
            r"t.toml:1: rules\[0\].tier: tier frontier is outside the limits of policy auto \(ceiling production\)",
        ),
        (
            "rules = [{task = 'a', floor = 'frontier', policy = 'low'}]\n[policies.low]\nceiling = 'production'",
            r"rules\[0\].floor: floor frontier is outside the limits of policy low",
        ),
        # unreachable
        (
            "[[rules]]\ntask = ['a', 'b']\ntier = 'budget'\n[[rules]]\ntask = 'b'\nhas_tools = true\ntier = 'frontier'",
            r"t.toml:4: rules\[1\]: the rule on task b, has tools can never decide: t.toml:1 takes every such request",
        ),
        (
            "rules = [{tier = 'budget'}, {task = 'a', tier = 'frontier'}]",
            r"t.toml:1: rules\[1\]: the rule on task a can never decide: .* \(every request\). Put it first",
        ),
        ("rules = [{task = 'a', tier = 'budget'}, {task = 'a', tier = 'budget'}]", r"the rule repeats t.toml:1"),
    ],
)
def test_rules_that_cannot_work_are_refused_with_the_line(refused, text, message):
    assert re.search(message, refused(text)), refused(text)


def test_a_rule_for_every_request_may_stand_last(rules_of):
    assert len(rules_of("rules = [{task = 'a', tier = 'budget'}, {floor = 'production'}]")) == 2


def test_tasks_are_checked_where_the_bundle_tells_them(rules_of):
    rules = rules_of(TWO_LINES)
    check_task_names(rules, ())
    check_task_names(rules, ("code_review", "status_update", "chat"))
    with pytest.raises(
        ConfigError, match=r"tierwise\.toml:3: task: 'status_update' is not a task .* 'status_updates'\?"
    ):
        check_task_names(rules, ("code_review", "status_updates"))
