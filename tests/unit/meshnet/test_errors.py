import pytest

from meshnet.errors import EXPLANATIONS, Blocked, Code, MeshnetError, Refusal


@pytest.mark.parametrize("code", Code)
def test_every_code_is_explained_with_its_cure(code: Code) -> None:
    explanation = EXPLANATIONS[code]
    assert explanation.meaning.endswith(".")
    assert explanation.cure.endswith(".")


@pytest.mark.parametrize("code", Code)
def test_an_error_speaks_of_itself_or_says_what_its_code_means(code: Code) -> None:
    assert str(MeshnetError(code)) == EXPLANATIONS[code].meaning
    assert MeshnetError(code, "That way.").message == "That way."
    assert MeshnetError(code).cure == EXPLANATIONS[code].cure


def test_a_refusal_is_a_meshnet_error() -> None:
    assert issubclass(Refusal, MeshnetError)


def test_codes_are_words_with_hyphens() -> None:
    assert all(word == word.lower() and word.replace("-", "").isalpha() for word in [*Code, *Blocked])
