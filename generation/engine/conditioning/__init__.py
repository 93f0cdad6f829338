"""Conditioning of the UNet: text, LoRAs, ControlNets, image prompts, guidance."""
