"""Frontdesk's shared layer: the nouns of a booking, and what they stand on."""
