"""Teaching pictures: panels, rows, heads and captions laid out on a card of its own colour, so that they can be read on
a dark chat and on a light one.

Whoever draws a figure gives it pictures and words in the reader's language, builds it from `blocks`, and has it drawn:

    card = figure(Stack([Text("Seed 7", TITLE), Row([panel(noise, "The noise"), panel(apple, "The picture")])]))
    data, ending = files.still(card)

Nothing in here imports torch or Discord.
"""
