"""What steers denoising: text, LoRAs, ControlNets, image prompts, guidance."""
