"""`<slug>.localhost`: /wissen/, /verzeichnis/, /luecken/."""

from django.urls import URLPattern, path

from knowledge.views import articles, directory, explaining, gaps, history, publishing, searches, synonyms


def entry_paths(kind: str, stem: str, base: str) -> list[URLPattern]:
    """The pages that every kind of entry has below its own."""
    given = {"kind": kind}
    return [
        path(f"{base}<str:key>/veroeffentlichen/", publishing.entry_publish, given, name=f"{stem}_publish"),
        path(f"{base}<str:key>/zurueckziehen/", publishing.entry_withdraw, given, name=f"{stem}_withdraw"),
        path(f"{base}<str:key>/verwerfen/", publishing.entry_discard, given, name=f"{stem}_discard"),
        path(f"{base}<str:key>/loeschen/", publishing.entry_delete, given, name=f"{stem}_delete"),
        path(f"{base}<str:key>/verlauf/", history.entry_history, given, name=f"{stem}_history"),
        path(f"{base}<str:key>/verlauf/<int:number>/holen/", publishing.entry_restore, given, name=f"{stem}_restore"),
    ]


urlpatterns = [
    path("wissen/", articles.article_list, name="article_list"),
    # No key begins with a tilde.
    path("wissen/~neu/", articles.article_new, name="article_new"),
    path("wissen/~suchen/", searches.search_list, name="search_list"),
    path("wissen/~suchen/erklaeren/", explaining.search_explain, name="search_explain"),
    path("wissen/~suchen/wirkung/", searches.search_effect, name="search_effect"),
    path("wissen/~suchen/wort/<str:words>/", searches.search_detail, name="search_detail"),
    path("wissen/~suchen/wort/<str:words>/suchwort/", searches.search_keyword, name="search_keyword"),
    path("wissen/~suchen/wort/<str:words>/artikel/", searches.search_article, name="search_article"),
    path("wissen/~suchen/wort/<str:words>/erledigt/", searches.search_done, name="search_done"),
    path("wissen/~suchen/synonyme/", synonyms.synonym_list, name="synonym_list"),
    path("wissen/~suchen/synonyme/neu/", synonyms.synonym_new, name="synonym_new"),
    path("wissen/~suchen/synonyme/<int:pk>/", synonyms.synonym_edit, name="synonym_edit"),
    path("wissen/~suchen/synonyme/<int:pk>/entfernen/", synonyms.synonym_remove, name="synonym_remove"),
    path("wissen/<str:key>/", articles.article_edit, name="article_edit"),
    path("wissen/<str:key>/stimmt-noch/", articles.confirm_review, name="confirm_review"),
    path("wissen/<str:key>/druck/", articles.article_print, name="article_print"),
    *entry_paths("article", "article", "wissen/"),
    path("verzeichnis/", directory.contact_list, name="contact_list"),
    path("verzeichnis/kontakte/~neu/", directory.contact_new, name="contact_new"),
    path("verzeichnis/kontakte/<str:key>/", directory.contact_edit, name="contact_edit"),
    *entry_paths("person", "contact", "verzeichnis/kontakte/"),
    path("verzeichnis/abteilungen/", directory.department_list, name="department_list"),
    path("verzeichnis/abteilungen/~neu/", directory.department_new, name="department_new"),
    path("verzeichnis/abteilungen/<str:key>/", directory.department_edit, name="department_edit"),
    *entry_paths("department", "department", "verzeichnis/abteilungen/"),
    path("luecken/", gaps.gap_list, name="gap_list"),
    path("luecken/<int:pk>/", gaps.gap_detail, name="gap_detail"),
    path("luecken/<int:pk>/uebernehmen/", gaps.gap_take, name="gap_take"),
    path("luecken/<int:pk>/beantworten/", gaps.gap_answer, name="gap_answer"),
    path("luecken/<int:pk>/antworten/", gaps.gap_reply, name="gap_reply"),
    path("luecken/<int:pk>/ablehnen/", gaps.gap_decline, name="gap_decline"),
]
