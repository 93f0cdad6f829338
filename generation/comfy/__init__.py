"""ComfyUI: what a workflow takes, and how its server is spoken to."""
