namespace Signalbox.Core.Access;

/// <summary>What somebody may do, from least to most: each role may do all that the one before it may.</summary>
public enum Role
{
    /// <summary>Sees everything and changes nothing.</summary>
    Viewer,

    /// <summary>Starts, stops and changes everything, and decides who may what.</summary>
    Admin,
}
