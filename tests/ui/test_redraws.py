"""What a page says is drawn again when it became untrue while the page was being drawn."""

from __future__ import annotations

from pathlib import Path

from streamlit.testing.v1 import AppTest

from rag.library.store import Store
from rag.ui.page_frame import LOCAL_USER


def model_page() -> None:
    """Says at its top whether a task has ended; the task ends after that was drawn, before the page is at its end."""
    import threading
    import time
    from types import SimpleNamespace
    from typing import Any

    import streamlit as st

    from rag.operations.background_tasks import Task, Tasks
    from rag.ui.task_views import begin, redraw_at_end

    if "tasks" not in st.session_state:
        st.session_state["tasks"], st.session_state["drawn"] = Tasks(), threading.Event()
    tasks: Tasks = st.session_state["tasks"]
    drawn: threading.Event = st.session_state["drawn"]
    page: Any = SimpleNamespace(owner="local", services=SimpleNamespace(tasks=tasks))

    def wait(_: Task) -> None:
        drawn.wait()

    task = tasks.get("brought")
    st.text("It is here." if task and task.done else "It is not here yet.")
    if st.button("Bring it"):
        begin(page, "brought", wait)
        st.rerun()
    if task:
        drawn.set()
        while not task.done:
            time.sleep(0.01)
    redraw_at_end(page)


def chat_page(folder: str) -> None:
    """Says at its top that a document is being read; that has ended before the queue below is drawn."""
    from pathlib import Path
    from types import SimpleNamespace
    from typing import Any

    import streamlit as st

    from rag.library.store import Store
    from rag.ui.page_frame import LOCAL_USER
    from rag.ui.queue_bar import draw_queue, look
    from rag.ui.texts import Texts

    store = Store.open(Path(folder))
    collection = store.collections.named(LOCAL_USER, "Office")
    services = SimpleNamespace(store=store)
    page: Any = SimpleNamespace(owner=LOCAL_USER, services=services, right=lambda _: "owner", texts=Texts("en"))
    waiting = look(page, collection)
    st.text("It is being read." if waiting.open else "It is read.")
    store.queue.cancel_all(LOCAL_USER, collection.id)
    draw_queue(page, collection, waiting)


def test_a_task_that_ends_while_its_page_is_drawn_is_seen_to_have_ended() -> None:
    app = AppTest.from_function(model_page).run()
    assert app.text[0].value == "It is not here yet."
    app.button[0].click().run()
    assert app.text[0].value == "It is here."


def test_a_queue_that_empties_while_the_page_is_drawn_is_seen_to_be_empty(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    office = store.collections.create(LOCAL_USER, "Office")
    store.jobs.enqueue(LOCAL_USER, office.id, "note.txt", "file", b"The kettle is descaled on Mondays.")
    app = AppTest.from_function(chat_page, args=(str(tmp_path),)).run()
    assert not app.exception
    assert app.text[0].value == "It is read."
