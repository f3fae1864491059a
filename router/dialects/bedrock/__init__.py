"""Amazon Bedrock Converse: a provider's dialect only."""
