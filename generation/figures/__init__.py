"""Figures that teach: pictures with headings and captions, on a card with its own background, so that they can be read
in dark and light chats.

Build a figure from `blocks`, with pictures and with words in the reader's language:

    card = figure(Stack([Text("Seed 7", TITLE), Row([panel(noise, "The noise"), panel(apple, "The picture")])]))
    data, ending = files.still(card)

Nothing in here imports torch or Discord.
"""
