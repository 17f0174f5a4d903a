"""What the search's tables need now and then, in the worker's scope: nothing of it changes what is published, and no entry waits for it.

Words that were just published are found at once. Until these have run, a typing error in such a word is not corrected, and an entry is not
yet found by the words of the same service elsewhere.
"""

from django.db import connection, transaction

from tenants import scope

AT_ONCE = 50  # services in one transaction, whose entries are locked


def lend_words() -> int:
    """Let entries of the same service lend each other their words; returns how many services were seen to."""
    total = 0
    while done := _number("SELECT public.lend_words(%s)", AT_ONCE):
        total += done
        if done < AT_ONCE:
            break
    return total


def merge_terms() -> int:
    """Put the changes of the vocabulary together; returns how many words changed, 0 also when another process is at it."""
    return _number("SELECT public.merge_terms()")


def run() -> None:
    """Both."""
    lend_words()
    merge_terms()


def _number(statement: str, *arguments: int) -> int:
    with scope.worker(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, arguments)
        return int(cursor.fetchone()[0])
