namespace Signalbox.App.Cli;

/// <summary>All verbs, in the order in which they are listed.</summary>
internal static class Verbs
{
    public static readonly Verb[] All =
    [
        DemoVerb.Verb,
        InitVerb.Verb,
        RunVerb.Verb,
        ServeVerb.Verb,
        ValidateVerb.Verb,
        LintVerb.Verb,
        PipelinesVerb.Verb,
        VerifyVerb.Verb,
        RunsVerb.Verb,
        LogsVerb.Verb,
        WhyVerb.Verb,
        PlanVerb.Verb,
        SlaVerb.Verb,
        ClassifyVerb.Verb,
        RerunVerb.Verb,
        CancelVerb.Verb,
        PinVerb.Pin,
        PinVerb.Unpin,
        MarkVerb.Verb,
        RejectedVerb.Verb,
        PauseVerb.Verb,
        PauseVerb.Unpause,
        DrainVerb.Verb,
        BreakersVerb.Verb,
        BackfillVerb.Verb,
        WatermarkVerb.Verb,
        InboxVerb.Verb,
        TestVerb.Verb,
        SignalVerb.Verb,
        ImportVerb.Verb,
        ApprovalsVerb.Verb,
        AlertsVerb.Verb,
        ModelsVerb.Verb,
        ShadowVerb.Verb,
        DeployVerb.Verb,
        PromoteVerb.Verb,
        PromoteVerb.Rollback,
        VariantsVerb.Verb,
        DeployVerb.Undeploy,
        DatasetsVerb.Verb,
        UsersVerb.Verb,
        TokensVerb.Verb,
        SecretsVerb.Verb,
        CronVerb.Verb,
        GraphVerb.Verb,
        DoctorVerb.Verb,
        DbVerb.Verb,
        CompletionVerb.Verb,
    ];

    public static void PrintList(TextWriter output)
    {
        output.WriteLine("signalbox runs data and machine-learning pipelines.");
        output.WriteLine();
        output.WriteLine("Usage:");
        output.WriteLine("  signalbox VERB [arguments] [--project DIR] [--json]");
        output.WriteLine();
        output.WriteLine("Verbs:");
        foreach (var verb in All)
        {
            output.WriteLine($"  {verb.Name, -12} {verb.Summary}");
        }

        output.WriteLine();
        output.WriteLine(
            "Exit codes: 0 done, 1 the work failed, 2 a mistake in the call or in a file, 69 the server is not there, 70 our fault"
        );
        output.WriteLine();
        output.WriteLine("Examples:");
        output.WriteLine("  signalbox init my-project");
        output.WriteLine("  signalbox run hello --project my-project");
        output.WriteLine("  signalbox run --help");
    }
}
