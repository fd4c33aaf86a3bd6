package org.mobilevos.demo;

import android.app.Activity;
import android.app.AlertDialog;
import android.content.DialogInterface;
import android.view.View;
import android.widget.ArrayAdapter;
import android.widget.RadioGroup;
import android.widget.Spinner;
import android.widget.Switch;
import android.widget.TextView;
import java.util.ArrayList;
import java.util.List;

/** Asks for the model and how it runs. */
final class SettingsDialog {
    private final Workbench workbench;
    private final List<Models.Model> usable = new ArrayList<Models.Model>();
    private final Spinner model;
    private final RadioGroup delegate;
    private final Spinner threads;
    private final Switch half;
    private final Switch sustained;
    private final Switch cache;

    private SettingsDialog(Activity activity, View root, Workbench workbench) {
        this.workbench = workbench;
        model = (Spinner) root.findViewById(R.id.setting_model);
        delegate = (RadioGroup) root.findViewById(R.id.setting_delegate);
        threads = (Spinner) root.findViewById(R.id.setting_threads);
        half = (Switch) root.findViewById(R.id.setting_half);
        sustained = (Switch) root.findViewById(R.id.setting_sustained);
        cache = (Switch) root.findViewById(R.id.setting_cache);
        fillModels(activity, (TextView) root.findViewById(R.id.setting_unusable));
        Settings settings = workbench.settings;
        delegate.check(settings.gpu() ? R.id.setting_gpu : R.id.setting_cpu);
        List<Integer> counts = new ArrayList<Integer>();
        for (int count = 1; count <= Settings.MOST_THREADS; count++) {
            counts.add(count);
        }
        threads.setAdapter(adapter(activity, counts));
        threads.setSelection(settings.threads() - 1);
        half.setChecked(settings.halfPrecision());
        sustained.setChecked(settings.sustainedSpeed());
        cache.setChecked(settings.kernelCache());
    }

    /** Shows the dialog; `whenChanged` runs after the choices were kept. */
    static void show(final Activity activity, final Workbench workbench, final Runnable whenChanged) {
        View root = activity.getLayoutInflater().inflate(R.layout.settings, null);
        final SettingsDialog dialog = new SettingsDialog(activity, root, workbench);
        new AlertDialog.Builder(activity).setTitle(R.string.settings).setView(root)
                .setNegativeButton(R.string.cancel, null)
                .setPositiveButton(R.string.use, new DialogInterface.OnClickListener() {
                    @Override
                    public void onClick(DialogInterface which, int button) {
                        dialog.keep();
                        whenChanged.run();
                    }
                })
                .show();
    }

    private void fillModels(Activity activity, TextView unusable) {
        StringBuilder problems = new StringBuilder();
        for (Models.Model each : workbench.list()) {
            if (each.spec != null) {
                usable.add(each);
            } else {
                problems.append(activity.getString(R.string.setting_problem, each.problem)).append('\n');
            }
        }
        model.setAdapter(adapter(activity, usable));
        model.setSelection(Math.max(0, usable.indexOf(workbench.chosen())));
        unusable.setText(problems.toString().trim());
        unusable.setVisibility(problems.length() > 0 ? View.VISIBLE : View.GONE);
    }

    private void keep() {
        int chosen = model.getSelectedItemPosition();
        String name = chosen >= 0 && chosen < usable.size() ? usable.get(chosen).name : workbench.settings.model();
        workbench.settings.change(name, delegate.getCheckedRadioButtonId() == R.id.setting_gpu,
                threads.getSelectedItemPosition() + 1, half.isChecked(), sustained.isChecked(), cache.isChecked());
    }

    private static <T> ArrayAdapter<T> adapter(Activity activity, List<T> items) {
        return new ArrayAdapter<T>(activity, R.layout.entry, items); // Android's own cuts long texts
    }
}
