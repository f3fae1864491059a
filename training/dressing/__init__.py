"""One ask in other clothes: what harnesses, gateways and habits put around it, while its label stays.

    dressed(messages, kinds=("greeting", "mail"), lang="de", rng=np.random.default_rng(0))
    dressed(messages, kinds=drawn_kinds(rng), lang="de", rng=rng)      # for training: seen kinds only

A *wrapper* is a form around the ask (a mail, a JSON event, an editor's context). A *dress* is a change of the words
that asks nothing else (a greeting, urgency, a typing slip). Kinds are held out as a whole: no training row wears a kind
of HELD_OUT, so those measure whether a form that was never seen moves decisions. Their texts are in forms/*.toml.
"""

from training.dressing.dressed import FRAMED_SHARE, drawn_kinds, dressed
from training.dressing.forms import DRESSES, HELD_OUT, SEEN, WRAPPERS, Form, Kinds

__all__ = ["DRESSES", "FRAMED_SHARE", "HELD_OUT", "SEEN", "WRAPPERS", "Form", "Kinds", "drawn_kinds", "dressed"]
