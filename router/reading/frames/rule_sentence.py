"""How a sentence begins that is about the form of the answer, in several languages."""

from __future__ import annotations

import re

_LANGUAGES = (
    r"english|german|french|spanish|italian|portuguese|dutch|polish|russian|japanese|chinese|korean|swedish|turkish"
)
_ANSWER = r"(?:answers?|responses?|repl(?:y|ies)|outputs?|messages?|explanations?)"
_FORMS = (
    rf"(?:markdown|json|plain|html|xml|prose|bullet|bullets|(?:british|american|simple|clear) english|{_LANGUAGES})"
)
RULE = re.compile(
    r"(?:please |also |and |but |you (?:must|should|may|will|have to) |make sure (?:to |that you )?|be sure to "
    r"|remember to |always |never |only |do not |don't |just |not )*"
    r"(?:(?:answer|respond|reply|write|speak|communicate)(?: (?:only|always|back|to the user|me|them|the user))*"
    rf" (?:in|with|as|using|briefly|concisely|politely|directly|honestly|at most|no more|{_FORMS}|step by step"
    r"|from|based|truthfully|only)\b"
    rf"|keep (?:your |the |all |every )?(?:{_ANSWER}|it|things) (?:short|brief|concise|under|to|polite|below"
    rf"|within|simple)"
    r"|be (?:concise|brief|polite|friendly|helpful|honest|precise|accurate|professional|respectful|direct|kind|warm)\b"
    r"|(?:mention|reveal|disclose|share|invent|make up|hallucinate|guess|apologi[sz]e|swear|discuss|speculate"
    r"|leak|expose"
    rf"|talk about|refer to)\b"
    r"|(?:use|include|add|give|write|output|return) (?:any )?(?:emojis?|slang|preambles?|disclaimers?|small talk|filler"
    rf"|headings|tables|extra text|explanations?|commentary|{_FORMS})\b"
    r"|use (?:one|two|three|four|five|\d{1,2}) (?:short )?sentences?(?: maximum| at most)?\b"
    r"|(?:use|prefer) (?:metric|short sentences|plain|simple|formal|informal|the metric|a (?:formal|friendly|neutral))"
    rf"|format (?:your|the|all|every) {_ANSWER}"
    r"|(?:cite|quote|name|list) (?:your|the|all|every) (?:sources?|source of)\b"
    rf"|(?:cite|refer to) (?:the )?(?:sources?|documents?|passages?)\b"
    r"|(?:give|offer|provide) (?:any )?(?:legal|medical|financial|tax|investment) advice"
    r"|keep (?:a|an|your|the) [\w-]{1,20}(?: \w{1,20})? (?:tone|style|voice|register)|stay (?:in character"
    r"|on topic|polite|professional)|break character|think (?:step by step|carefully)"
    r"|repeat (?:the|my|this) (?:question|request|prompt)|say that you|tell the user|follow (?:these|the|our"
    r"|all) (?:rules|guidelines|style|policies)"
    r"|(?:use|include|add|write|avoid|make|draw|prefer) (?:any |the |a |an )?(?:tables?|lists?|headings?|jargon"
    r"|hashtags"
    r"|citations?|footnotes?|links|placeholders?|code (?:blocks?|fences)|fences|latex|markup|exclamation|passive"
    r"|contractions"
    r"|long sentences|british|american|metric|imperial|si units|active voice|iso (?:dates|8601)|everyday language"
    r"|oxford)\b"
    r"|(?:format|write|give|show) (?:all |any |the )?(?:dates|times|numbers|amounts|units|currenc\w+|code)"
    r" (?:as|in|with|using)\b"
    r"|(?:mark|wrap|put|fence|enclose) (?:all |any )?(?:code|commands|file names|paths)\b"
    r"|write (?:in )?plain (?:text|language)"
    r"|(?:output|return|print) (?:only|just|nothing but) (?:the )?(?:answer|result|final answer|response)"
    r"|only (?:output|return|print) the (?:answer|result)"
    r"|(?:answer|reply to|respond to) (?:the )?(?:user|customer)(?:'s)? (?:message|question|request|query)"
    r"|respond to it"
    r"|reveal internal|end (?:with|your)|start with|sign (?:off|with)|address the user|ask (?:for )?clarif)"
    r"|if (?:you|the (?:answer|context|information|documents?))\b[^\n]{0,40}\b(?:not|don't|cannot|can't|aren't|unsure"
    r"|isn't|doesn't)\b"
    rf"|(?:the|your|all) {_ANSWER} (?:must|should|has to|have to|will|is|are)\b"
    r"|if (?:something|anything|information|data|the answer|a value|it) (?:is|are) (?:missing|unclear|unknown|ambiguous"
    r"|not (?:clear|known|sure|available))\b"
    r"|no (?:preamble|emojis?|tables?|lists?|headings?|links|jargon|hashtags|markdown|explanations?|small talk"
    r"|apologies|disclaimers?|filler|extra text)\b"
    rf"|(?:at most|maximum|max|under|no more than) \d+ (?:words|sentences|characters|lines)"
    # German, French, Spanish, Italian, Portuguese
    r"|(?:bitte )?antworte(?:n sie)? |erw\u00e4hne (?:nie|niemals|nicht)|halte dich (?:kurz|an)|verwende kein"
    r"|r\u00e9pond(?:s|ez) |ne mentionne|ne r\u00e9v\u00e8le|responde |contesta |responda |nunca (?:menciones|reveles)"
    r"|no (?:menciones|reveles|inventes)|rispondi |non (?:menzionare|rivelare|inventare|usare|ripetere)"
    r"|n'(?:invente|utilise|emploie)|n\u00e3o (?:use|repita|invente|mencione|revele)|erfinde (?:nichts|keine)"
    r"|\u00e9vite "
    # Chinese, Japanese
    r"|[\u8bf7\u8acb]?(?:[\u7528\u4ee5][^\s]{1,8}(?:\u56de\u7b54|\u4f5c\u7b54|\u56de\u590d)|(?:\u4e0d\u8981"
    r"|\u8bf7\u52ff|\u7981\u6b62)(?:\u4f7f\u7528|\u7528)?(?:\u8868\u683c|\u7f16\u9020|\u91cd\u590d"
    r"|\u63d0\u53ca|\u900f\u9732|\u89e3\u91ca|\u8868\u60c5|\u9053\u6b49|\u865a\u6784)|\u4fdd\u6301\u7b80\u6d01)"
    r"|\S{1,16}(?:\u3067\u7b54\u3048|\u3067\u56de\u7b54|\u306f\u4f7f\u308f\u306a\u3044"
    r"|\u3092\u4f7f\u308f\u306a\u3044|\u7e70\u308a\u8fd4\u3055\u306a\u3044)",
    re.IGNORECASE,
)
"""How a sentence about the answer begins."""
