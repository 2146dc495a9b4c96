namespace Signalbox.Core.Definitions;

/// <summary>How long the runs of a pipeline are kept after their end. A run goes when neither its age nor the number of newer ones keeps it.</summary>
/// <param name="Age">Runs that ended within it stay. Null: as the project says, by default 365 days.</param>
/// <param name="Runs">So many ended runs stay, the newest, however old. Null: as the project says, by default 100.</param>
public sealed record RetentionSpec(TimeSpan? Age = null, int? Runs = null);
