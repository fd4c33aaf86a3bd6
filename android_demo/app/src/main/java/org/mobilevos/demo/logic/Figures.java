package org.mobilevos.demo.logic;

import java.util.Locale;
import org.mobilevos.core.ArtifactSpec;

/** Figures as text, without the words, which are the resources'. */
public final class Figures {
    private static final String ROW = "%-9s %7s %7s%n";
    private static final double SECOND_MS = 1000;

    private Figures() {}

    /** An artifact in one line. */
    public static String model(ArtifactSpec spec) {
        return String.format(Locale.ROOT, "%s, queue %d, %dx%d, %s", spec.model, spec.queue, spec.height, spec.width,
                spec.precision);
    }

    /** Ids in one line. */
    public static String ids(int[] ids) {
        StringBuilder line = new StringBuilder();
        for (int id : ids) {
            line.append(line.length() == 0 ? "" : ", ").append(id);
        }
        return line.toString();
    }

    /**
     * The medians of the stages in one line, in milliseconds.
     *
     * @param names of all stages, in their order
     */
    public static String medians(Stages.Summary stages, String[] names) {
        StringBuilder line = new StringBuilder();
        for (Stages.Stage stage : Stages.Stage.values()) {
            if (stages.measured(stage)) {
                line.append(line.length() == 0 ? "" : ", ").append(names[stage.ordinal()]).append(' ')
                        .append(number(stages.p50(stage)));
            }
        }
        return line.toString();
    }

    /**
     * Median and 95th percentile of each stage in milliseconds, and how many frames a second those of the total allow.
     *
     * @param names of all stages, in their order
     */
    public static String table(Stages.Summary stages, String[] names, String total, String perSecond) {
        StringBuilder table = new StringBuilder(String.format(Locale.ROOT, ROW, "ms", "p50", "p95"));
        for (Stages.Stage stage : Stages.Stage.values()) {
            if (stages.measured(stage)) {
                table.append(row(names[stage.ordinal()], stages.p50(stage), stages.p95(stage)));
            }
        }
        return table + row(total, stages.totalP50, stages.totalP95)
                + row(perSecond, SECOND_MS / stages.totalP50, SECOND_MS / stages.totalP95);
    }

    private static String row(String name, double p50, double p95) {
        return String.format(Locale.ROOT, ROW, name, number(p50), number(p95));
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.1f", value);
    }
}
