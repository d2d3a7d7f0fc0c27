"""One question per screen, for who wants to know whether it has sunk in."""

from typing import NamedTuple

import streamlit as st


class Question(NamedTuple):
    text: str
    answers: dict[str, str]  # what one can choose -> what to say to it


QUESTIONS = (
    Question(
        "Suppose D were perfect from the start, sure of every picture. Good for G?",
        {
            "Yes, a strict teacher is a good teacher": "It sounds right, but a D that is sure of everything hardly "
            "changes its verdict when a pixel changes. The gradient that G lives on fades.",
            "No, G would get nearly no gradient": "Exactly. G learns from how D's verdict *changes*; a D that is "
            "beyond doubt gives no hint.",
        },
    ),
    Question(
        "The same z a thousand times: how many different pictures?",
        {
            "One": "Right. G itself holds no chance; all of it is in z. That is why a seed is enough to make a "
            "picture again.",
            "A thousand": "G has no dice of its own: all chance is in z, so the same z gives the same picture.",
        },
    ),
    Question(
        "A stride of 2 turns 32×32 into 16×16. What happens to the information?",
        {
            "Three quarters are lost": "Not quite: there are fewer places, but twice as many maps at each, or more, "
            "to keep what matters.",
            "It moves from places into maps": "Right: fewer places, more maps at each. D trades *where* for *what*.",
        },
    ),
    Question(
        "G's loss has risen for an hour while the pictures got better. What is wrong?",
        {
            "Nothing": "Right. D improved, too, so G's task grew harder. Losses compare the players, not the "
            "pictures with the world.",
            "G is unlearning": "Then the pictures would get worse. G's loss is measured by D, and D improved, too.",
        },
    ),
    Question(
        "You see 64 fakes and they are all nearly the same shirt. Which word fits?",
        {
            "Overfitting": "Overfitting would be copies of training pictures. This is collapse: one answer for every "
            "z, as long as it fools D.",
            "Collapse": "Right: G found one answer that fools D and gives it to every z. Evaluate measures it as "
            "variety.",
        },
    ),
    Question(
        "D sees a flawless bag that claims to be a sneaker. What should it say?",
        {
            "Real: it is a perfect picture": "Then G could paint bags for whoever asks for sneakers. D judges the "
            "claim, too: a perfect bag is no sneaker.",
            "Fake: it isn't what it claims to be": "Right. Only so does G learn to paint what it is asked for.",
        },
    ),
)


def ask(screen: int) -> None:
    """A popover with the question of a screen, counted from 1."""
    question = QUESTIONS[screen - 1]
    with st.popover("A question", icon=":material/psychology_alt:", type="tertiary"):
        choice = st.radio(question.text, list(question.answers), index=None, key=f"learn-question-{screen}")
        if choice is not None:
            st.markdown(question.answers[choice])
