namespace Mutants;

/// <summary>What is compiled into the assembly under test: which of its mutants is alive, and which were come by.</summary>
internal static class Switch
{
    public const string TypeName = "MutantSwitch";

    public const string Source = """
        #nullable enable
        public static class MutantSwitch
        {
            public static int Alive = -1;
            public static bool[]? Passed;

            public static bool On(int mutant)
            {
                if (Passed is { } passed)
                {
                    passed[mutant] = true;
                }

                return Alive == mutant;
            }
        }
        """;
}
