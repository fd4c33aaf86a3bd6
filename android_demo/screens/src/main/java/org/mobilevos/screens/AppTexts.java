package org.mobilevos.screens;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.mobilevos.core.ArtifactSpec;
import org.mobilevos.demo.logic.Stages;

/** The app's texts with figures, as its FiguresText and Models make them of its strings. */
final class AppTexts {
    private static final String ROW = "%-9s %7s %7s%n";

    private final Resources resources;

    AppTexts(Resources resources) {
        this.resources = resources;
    }

    /** One artifact in a list. */
    static String model(ArtifactSpec spec) {
        return String.format(Locale.ROOT, "%s, queue %d, %dx%d, %s", spec.model, spec.queue, spec.height, spec.width,
                spec.precision);
    }

    /** The lines below the camera's picture. */
    String camera(Following following, String engine) {
        String ids = Arrays.stream(following.ids).mapToObj(Integer::toString).collect(Collectors.joining(", "));
        Stages.Summary stages = following.stages;
        return resources.string("figures_ids", ids, 0) + "\n"
                + resources.string("figures_speed", stages.framesPerSecond, stages.totalP50, stages.totalP95) + "\n"
                + medians(stages) + "\n" + resources.string("figures_engine", engine);
    }

    private String medians(Stages.Summary stages) {
        List<String> names = resources.array("@array/stages");
        return Arrays.stream(Stages.Stage.values()).filter(stages::measured)
                .map(stage -> names.get(stage.ordinal()) + " " + number(stages.p50(stage)))
                .collect(Collectors.joining(", "));
    }

    /** Median and 95th percentile of each stage, in milliseconds. */
    String table(Stages.Summary stages) {
        List<String> names = resources.array("@array/stages");
        StringBuilder table = new StringBuilder(String.format(Locale.ROOT, ROW, "ms", "p50", "p95"));
        for (Stages.Stage stage : Stages.Stage.values()) {
            if (stages.measured(stage)) {
                table.append(row(names.get(stage.ordinal()), stages.p50(stage), stages.p95(stage)));
            }
        }
        return table + row(resources.string("stage_total"), stages.totalP50, stages.totalP95);
    }

    private static String row(String name, double p50, double p95) {
        return String.format(Locale.ROOT, ROW, name, number(p50), number(p95));
    }

    private static String number(double milliseconds) {
        return String.format(Locale.ROOT, "%.1f", milliseconds);
    }
}
