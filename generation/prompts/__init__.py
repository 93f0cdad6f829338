"""What a prompt can say beside its words: choices, switches between steps, parts and regions.

`choices` runs once, when a request is planned. `steps` and `parts` are read at every step, in this order; what is left
then are weights (`generation.prompt_syntax`). All of them take linear time.
"""
