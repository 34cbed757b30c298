// RemoteAgentHub
