namespace Signalbox.Core.Expressions;

/// <summary>
/// A command as a list of arguments, without a shell: every template is one argument, as it is, never quoted. A template that is exactly one
/// <c>{{ }}</c> whose value is a list becomes one argument for each item (none for an empty list).
/// </summary>
public sealed class ArgvTemplate(ImmutableArray<Template> arguments)
{
    public ImmutableArray<Template> Arguments => arguments;

    /// <summary>The arguments; an error's place is relative to the argument whose number is given in front of the message.</summary>
    public TemplateResult<IReadOnlyList<string>> Render(IScope scope)
    {
        var argv = new List<string>(arguments.Length);
        List<TemplateError>? errors = null;
        for (var index = 0; index < arguments.Length; index++)
        {
            var template = arguments[index];
            var value =
                template.IsLiteral ? TemplateResult<Value>.Of(new Value.Text(template.Text))
                : template.IsSingleExpression ? Single(template, scope)
                : Text(template, scope);
            foreach (var error in value.Errors)
            {
                (errors ??= []).Add(error with { Message = $"argument {index + 1}: {error.Message}" });
            }

            if (value.Succeeded && Add(argv, value.Value, template, index) is { } mistake)
            {
                (errors ??= []).Add(mistake);
            }
        }

        return errors is null ? TemplateResult<IReadOnlyList<string>>.Of(argv) : TemplateResult<IReadOnlyList<string>>.Failed([.. errors]);
    }

    private static TemplateResult<Value> Single(Template template, IScope scope)
    {
        var value = template.Evaluate(scope);
        return value is { Succeeded: true, Value: Value.List } ? value : Text(template, scope);
    }

    private static TemplateResult<Value> Text(Template template, IScope scope)
    {
        var text = template.Render(scope);
        return text.Succeeded ? TemplateResult<Value>.Of(new Value.Text(text.Value)) : TemplateResult<Value>.Failed(text.Errors);
    }

    private static TemplateError? Add(List<string> argv, Value value, Template template, int index)
    {
        foreach (var item in value is Value.List list ? list.Items : [value])
        {
            if (item is Value.Null)
            {
                return TemplateError.At(
                    template.Text,
                    0,
                    template.Text.Length,
                    $"argument {index + 1}: an item of the list is null, which has no text"
                );
            }

            var text = item.ToString();
            if (ShellText.Impossible(text) is { } impossible)
            {
                return TemplateError.At(template.Text, 0, template.Text.Length, $"argument {index + 1}: its value {impossible}");
            }

            argv.Add(text);
        }

        return null;
    }
}
