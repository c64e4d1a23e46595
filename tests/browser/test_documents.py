"""A person brings documents in, sees them read, opens and removes them; bad ones are named and harm nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import User
from tests.browser.making import booklet, file, pdf

pytestmark = pytest.mark.browser


def documents(user: User) -> Locator:
    """The names in the table of documents."""
    return user.page.locator(".documents button.name")


def expect_documents(user: User, *names: str) -> None:
    """In any order: two are read at a time, and the one that is ready first stands first."""
    expect(documents(user)).to_have_count(len(names))
    for name in names:
        expect(documents(user).filter(has_text=name)).to_have_count(1)


def failures(user: User) -> Locator:
    """The boxes of what was not read."""
    return user.page.locator("[class*='st-key-job-']")


def act(user: User, name: str) -> Locator:
    """Do something with the ticked documents, and say so in the dialog that asks."""
    user.page.get_by_role("group", name="With the chosen documents").get_by_role("button", name=name).click()
    dialog = user.page.get_by_test_id("stDialog")
    if name != "Delete":
        return dialog
    dialog.get_by_role("button", name=name).click()
    expect(dialog).to_have_count(0)
    return dialog


def test_a_pdf_is_uploaded_and_answers(user: User) -> None:
    user.make_collection("Garden")
    expect(user.page.get_by_label("Name of the collection")).to_have_count(0)
    user.upload(file("garden.pdf", pdf("The greenhouse is watered at six in the morning.", "Tools hang in shed B.")))
    expect_documents(user, "garden.pdf")
    # What was sent folds its form.
    expect(user.page.get_by_role("button", name="Add", exact=True)).to_be_hidden()
    user.page.reload()
    expect_documents(user, "garden.pdf")
    user.page.get_by_role("link", name="Chat").click()
    answer = user.ask("When is the greenhouse watered?")
    expect(answer.locator(".quote").first).to_contain_text("six in the morning")
    expect(answer.locator(".quote").first).to_contain_text("garden.pdf")


def test_what_was_read_is_shown_beside_the_page(user: User) -> None:
    user.make_collection("Read")
    user.upload(file("garden.pdf", pdf("The greenhouse is watered at six.")))
    expect_documents(user, "garden.pdf")
    user.page.get_by_role("button", name="Details garden.pdf").click()
    expect(user.page.get_by_text("1 page read as it stands")).to_be_visible()
    documents(user).first.click()
    dialog = user.page.get_by_role("dialog")
    expect(dialog.locator("img")).to_be_visible()
    dialog.get_by_text("Show what was read").click()
    expect(dialog.get_by_text("The greenhouse is watered at six.")).to_be_visible()


def test_a_long_text_opens_at_the_marked_line_and_says_where_it_was_cut(user: User) -> None:
    user.make_collection("Minutes")
    lines = [f"Minute {number}: the board spoke of item {number % 7} and went on." for number in range(600)]
    lines[420] = "The harbour fee for the ferry rises to 417 euros in March."
    user.upload(file("minutes.txt", "\n".join([*lines, "word " * 6000]).encode()))
    expect_documents(user, "minutes.txt")
    user.page.get_by_role("button", name="Details minutes.txt").click()
    expect(user.page.get_by_text("A stretch without a full stop or a line end, at line 601")).to_be_visible()
    user.page.get_by_role("link", name="Chat").click()
    answer = user.ask("To what does the harbour fee for the ferry rise?")
    expect(answer.locator(".quote").first).to_contain_text("line 421")
    answer.locator(".quote .place").first.click()
    dialog = user.page.get_by_role("dialog")
    expect(dialog).to_contain_text("Part 2 of ")
    expect(dialog.locator("mark")).to_have_text("The harbour fee for the ferry rises to 417 euros in March.")
    expect(dialog.locator("mark")).to_be_in_viewport()
    dialog.get_by_role("button", name="Previous page").click()
    expect(dialog).to_contain_text("Part 1 of ")
    expect(dialog).to_contain_text("Minute 0: the board spoke")


def test_addresses_are_read_and_bad_ones_named(user: User, site: str) -> None:
    user.make_collection("Web")
    user.open_form()
    user.page.get_by_role("textbox", name="Web addresses").fill(
        f"{site}/parking.html\n{site}/missing.html\nhttp://192.168.1.1/\nnonsense"
    )
    user.page.get_by_role("button", name="Add", exact=True).click()
    expect_documents(user, "Parking")
    expect(failures(user)).to_have_count(3)
    said = " ".join(failures(user).all_inner_texts())
    assert f"{site}/missing.html answered with error 404. Nothing was added." in said
    assert "http://192.168.1.1/ leads into a private network" in said
    assert "nonsense is not a web address." in said


def test_bad_files_are_named_and_harm_no_good_one(user: User) -> None:
    user.make_collection("Mixed")
    good = file("good.pdf", pdf("The boiler is serviced every October."))
    empty, text = file("empty.pdf", b""), file("notes.pdf", b"Just text, no PDF.")
    user.upload(good, empty, text, file("broken.pdf", good["buffer"][:200]))
    expect_documents(user, "good.pdf")
    expect(failures(user)).to_have_count(3)
    said = " ".join(failures(user).all_inner_texts())
    assert "empty.pdf is empty. Nothing was added." in said
    assert "notes.pdf is damaged, or not the pdf file its name says." in said
    assert "broken.pdf is damaged, or not the pdf file its name says." in said
    for left in (2, 1, 0):
        failures(user).get_by_role("button", name="Dismiss").first.click()
        expect(failures(user)).to_have_count(left)


def test_a_locked_pdf_asks_for_its_password(user: User) -> None:
    user.make_collection("Locked")
    user.upload(file("locked.pdf", pdf("The code of the safe is changed in May.", password="tulip")))
    box = failures(user).filter(has_text="locked.pdf is encrypted.")
    box.get_by_label("Password", exact=True).fill("rose")
    box.get_by_role("button", name="Add").click()
    expect(user.page.get_by_text("The password does not open locked.pdf.")).to_be_visible()
    box.get_by_label("Password", exact=True).fill("tulip")
    box.get_by_role("button", name="Add").click()
    expect_documents(user, "locked.pdf")
    expect(failures(user)).to_have_count(0)


def test_a_new_version_replaces_the_old_one_or_stands_beside_it(user: User) -> None:
    user.make_collection("Versions")
    user.upload(file("rules.pdf", pdf("Bicycles stand in the cellar.")))
    expect_documents(user, "rules.pdf")
    user.upload(file("rules.pdf", pdf("Bicycles stand in the cellar.")))
    expect(user.page.get_by_text("rules.pdf is already here; nothing was added.")).to_be_visible()
    user.upload(file("rules.pdf", pdf("Bicycles stand in the yard.")))
    expect(failures(user)).to_contain_text(["Is this its new version?"])
    user.page.get_by_role("button", name="Replace the old one").click()
    expect(failures(user)).to_have_count(0)
    expect_documents(user, "rules.pdf")
    user.upload(file("rules.pdf", pdf("Bicycles stand on the roof.")))
    user.page.get_by_role("button", name="Keep both, this one as rules (2).pdf").click()
    expect_documents(user, "rules.pdf", "rules (2).pdf")


def test_a_document_is_opened_and_removed(user: User) -> None:
    user.make_collection("Opened")
    user.upload(file("tools.pdf", pdf("The ladder hangs behind the door.")))
    documents(user).first.click()
    dialog = user.page.get_by_role("dialog")
    expect(dialog).to_contain_text("Page 1 of 1")
    expect(dialog.locator("img")).to_be_visible()
    user.page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    user.page.get_by_role("checkbox", name="Choose tools.pdf").check()
    act(user, "Delete")
    expect(documents(user)).to_have_count(0)
    expect(user.page.get_by_text("Nothing here yet.")).to_be_visible()


def test_ticks_stay_while_others_are_read(user: User) -> None:
    user.make_collection("Ticked")
    user.upload(file("tools.pdf", pdf("The ladder hangs behind the door.")))
    expect_documents(user, "tools.pdf")
    long = "\n\n".join(f"Rule {number}: whoever borrows ladder {number} brings it back." for number in range(200))
    user.upload(file("rules.txt", long.encode()))
    bar = user.page.locator(".st-key-queue")
    expect(bar).to_be_visible()
    tick = user.page.get_by_role("checkbox", name="Choose tools.pdf")
    tick.check()
    expect(bar).to_have_count(0)
    expect_documents(user, "tools.pdf", "rules.txt")
    expect(tick).to_be_checked()


def test_many_are_found_tagged_moved_and_asked_alone(user: User) -> None:
    user.make_collection("Many")
    user.upload(*(file(f"rule-{n}.txt", f"The gate of house {n} is painted in colour {n}.".encode()) for n in range(3)))
    expect_documents(user, "rule-0.txt", "rule-1.txt", "rule-2.txt")
    # Already here, told in one line.
    user.upload(*(file(f"copy-{n}.txt", f"The gate of house {n} is painted in colour {n}.".encode()) for n in range(2)))
    expect(user.page.get_by_text("2 files are already here and were not added again")).to_be_visible()
    user.page.get_by_role("button", name="Name", exact=True).click()
    expect(documents(user).first).to_have_text("rule-2.txt")
    user.page.get_by_role("searchbox", name="Search names").fill("rule-1")
    expect_documents(user, "rule-1.txt")
    user.page.get_by_role("checkbox", name="Choose rule-1.txt").check()
    dialog = act(user, "Move")
    folder = dialog.get_by_test_id("stSelectbox").filter(has_text="Folder").locator("input")
    folder.fill("Houses/East")
    folder.press("Enter")
    dialog.get_by_role("button", name="Move").click()
    expect(dialog).to_have_count(0)
    expect(user.page.get_by_role("cell", name="Houses/East")).to_be_visible()
    user.page.get_by_role("searchbox", name="Search names").fill("houses")
    expect_documents(user, "rule-1.txt")
    user.page.get_by_role("searchbox", name="Search names").fill("nothing of that kind")
    expect(user.page.get_by_text("0 documents found")).to_be_visible()


def test_documents_move_to_another_collection_and_answer_there(user: User) -> None:
    user.make_collection("Attic")
    user.make_collection("Cellar")
    user.upload(file("lamp.pdf", pdf("The lamp by the stairs is green.")), file("door.pdf", pdf("The door is oak.")))
    expect_documents(user, "lamp.pdf", "door.pdf")
    user.page.get_by_role("checkbox", name="Choose lamp.pdf").check()
    dialog = act(user, "Move")
    dialog.get_by_test_id("stSelectbox").filter(has_text="Collection").locator("input").click()
    user.page.get_by_role("option", name="Attic").click()
    expect(dialog.get_by_text("Folder")).to_have_count(0)
    dialog.get_by_role("button", name="Move").click()
    expect(dialog).to_have_count(0)
    expect_documents(user, "door.pdf")
    user.choose_collection("Attic")
    expect_documents(user, "lamp.pdf")
    user.page.get_by_role("link", name="Chat").click()
    expect(user.ask("What colour is the lamp?").locator(".quote").first).to_contain_text("green")


def test_collections_are_switched_there_and_back(user: User) -> None:
    user.make_collection("Harbour")
    user.make_collection("Lighthouse")
    for name in ("Harbour", "Lighthouse", "Harbour"):
        user.choose_collection(name)
        expect(user.page.get_by_role("heading", name=name)).to_be_visible()


def test_a_folder_is_read_with_its_paths(user: User, tmp_path: Path) -> None:
    user.make_collection("Tree")
    for name in ("Law/2024/one.txt", "Law/2025/two.txt"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(f"The path is {name}.")
    user.page.get_by_role("tab", name="A folder").click()
    user.choose_files(user.page.get_by_test_id("stFileUploaderDropzoneInput").nth(1), tmp_path / "Law", 2)
    user.send_form()
    expect_documents(user, "one.txt", "two.txt")
    expect(user.page.get_by_role("cell", name="Law/2024")).to_be_visible()
    expect(user.page.get_by_role("cell", name="Law/2025")).to_be_visible()


def test_a_file_dropped_into_the_chat_is_read(user: User) -> None:
    user.make_collection("Dropped")
    user.page.get_by_role("link", name="Chat").click()
    expect(user.page.get_by_text("This collection holds no documents yet.")).to_be_visible()
    box = user.page.get_by_test_id("stChatInput").locator("input[type='file']")
    user.choose_files(box, [file("note.txt", b"The kettle is descaled on the first Monday of a month.\n")], 1)
    user.page.get_by_test_id("stChatInputSubmitButton").click()
    expect(user.page.get_by_text("This collection holds no documents yet.")).to_have_count(0)
    expect(user.page.get_by_text("The first documents are being read.")).to_have_count(0)
    expect(user.ask("When is the kettle descaled?").locator(".quote").first).to_contain_text("first Monday")


def test_the_start_screen_says_that_documents_are_being_read(user: User) -> None:
    user.make_collection("Begun")
    long = "\n\n".join(f"Rule {number}: whoever borrows kettle {number} brings it back." for number in range(300))
    user.upload(file("rules.txt", long.encode()))
    expect(user.page.locator(".st-key-queue")).to_be_visible()
    user.page.get_by_role("link", name="Chat").click()
    expect(user.page.get_by_text("The first documents are being read.")).to_be_visible()
    expect(user.page.get_by_text("The first documents are being read.")).to_have_count(0)
    expect(user.page.get_by_text("This collection holds no documents yet.")).to_have_count(0)


PERKS = booklet(
    ["Perks Plus", "A programme for everybody who works at the harbour."],
    ["What is reimbursed", "Perks Plus reimburses gym memberships, boat hire and lessons up to 1000 euros a year."],
    ["Lessons", "Lessons in sailing, rowing and swimming are among them; lessons in diving are not."],
)
OPTIONS = booklet(
    ["Benefit options", "There are two health plans, Standard and Plus."],
    ["The Plus plan pays for glasses and for the dentist.", "The Standard plan pays for neither."],
)


def test_booklets_answer_with_the_right_page_and_understand_a_follow_up(user: User) -> None:
    user.make_collection("Benefits")
    user.upload(file("perks.pdf", PERKS), file("options.pdf", OPTIONS))
    expect_documents(user, "perks.pdf", "options.pdf")
    user.page.get_by_role("link", name="Chat").click()
    answer = user.ask("What does Perks Plus reimburse?")
    first = answer.locator(".quote").first
    expect(first).to_contain_text("perks.pdf")
    first.locator(".place").click()
    dialog = user.page.get_by_role("dialog")
    expect(dialog).to_contain_text("Page 2 of 3")
    expect(dialog.locator("img")).to_be_visible()
    user.page.keyboard.press("Escape")
    follow_up = user.ask("Which lessons are among them?")
    expect(follow_up.locator(".quote").first).to_contain_text("perks.pdf")


def test_a_question_sent_with_a_file_is_asked_when_the_file_is_read(user: User) -> None:
    user.make_collection("Asked along")
    user.open()
    user.choose_collection("Asked along")
    box = user.page.get_by_test_id("stChatInput")
    garden = file("garden.pdf", pdf("The gate of the garden is green."))
    user.choose_files(box.locator("input[type=file]"), [garden], 1)
    expect(box).to_contain_text("garden.pdf")
    answer = user.ask("What colour is the gate?")
    expect(answer.locator(".quote").first).to_contain_text("The gate of the garden is green.")
